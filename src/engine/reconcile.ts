import type { ChildGroup, Ledger } from "../ledger/ledger.ts";
import { formatMoment } from "../model/quantity.ts";
import type { Reason } from "../model/run/outcome.ts";
import type { Run } from "../model/run/run.ts";
import { endGroup, endProcessGroup, groupsMarked } from "../tools/process/group.ts";
import { endedForMemory, type MemoryKill, memoryKills, readKernelLog } from "../tools/process/kernel-log.ts";
import { isOfThisBoot } from "../tools/process/process.ts";
import { isGone } from "./presence.ts";
import { markOf } from "./runner-context.ts";

/**
 * `$SERVICE_RESULT` as systemd gives it to `ExecStopPost=`, for the one unit that has just stopped. What else it may say
 * (exit-code, success …) means that the run had the chance to speak for itself.
 */
const serviceResults: Readonly<Record<string, Reason>> = {
  timeout: "timeout",
  watchdog: "timeout",
  "oom-kill": "oom",
  signal: "killed",
  "core-dump": "killed",
};

export interface ReconcileOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The job of the unit that has just stopped, with its `$SERVICE_RESULT`. */
  readonly stopped?: { readonly job: string; readonly serviceResult: string };
  /** What the kernel tells, see `readKernelLog`; asked once, when a run was killed and nobody says why. @default this machine's log */
  readonly kernelLog?: () => readonly string[];
  /** Seconds between SIGTERM and SIGKILL for what a dead run left running. @default 5 */
  readonly graceSeconds?: number;
}

/** A run whose process was gone, and what was found of it. */
export interface Reconciled {
  readonly run: Run;
  readonly reason: Reason;
  readonly message: string;
}

/**
 * Gives every run whose process is gone its true end, ends what it left running, and frees its lock. Safe to run at any time, twice, and
 * beside living runs: a holder that is alive is never touched.
 */
export async function reconcile(ledger: Ledger, options: ReconcileOptions): Promise<readonly Reconciled[]> {
  const gone = ledger.unfinishedRuns().filter((run) => isGone(run, options.now()));
  if (gone.length === 0) return [];
  // Looked for once, however many runs there are: the second reads the environment of every process.
  const recorded = Map.groupBy(ledger.children(), ({ runId }) => runId);
  const marked = groupsMarked(markOf("").variable);
  let kills: readonly MemoryKill[] | undefined;
  const isForMemory = (holder: Run["holder"]) => {
    kills ??= memoryKills((options.kernelLog ?? readKernelLog)());
    return endedForMemory(holder, kills);
  };
  const ends: Reconciled[] = [];
  for (const run of gone) {
    const reason = reasonFor(run, options, isForMemory);
    const left = { children: recorded.get(run.id) ?? [], groups: marked.get(run.id) ?? [] };
    const ended = await endChildren(left, options.graceSeconds ?? 5);
    ends.push({ run, reason, message: [explain(run, reason), ...ended].join("; ") });
  }
  const ours = new Set<string>();
  for (let first = 0; first < ends.length; first += atOnce) {
    const finishedAt = options.now();
    const some = ends.slice(first, first + atOnce);
    const lost = some.map(({ run, reason, message }) => ({ runId: run.id, finishedAt, reason, message }));
    for (const runId of ledger.finishLostRuns(lost)) ours.add(runId);
  }
  // Somebody else may have found some of them at the same moment.
  return ends.filter(({ run }) => ours.has(run.id));
}

/** Runs that are given their end in one transaction: many, because each waits for the disk; not all, because others want to write too. */
const atOnce = 1000;

function reasonFor(run: Run, options: ReconcileOptions, isForMemory: (holder: Run["holder"]) => boolean): Reason {
  if (!isOfThisBoot(run.holder)) return "reboot";
  const told = options.stopped?.job === run.job ? serviceResults[options.stopped.serviceResult] : undefined;
  if (told) return told;
  if (run.deadlineAt !== null && run.seenAt >= run.deadlineAt) return "timeout";
  return isForMemory(run.holder) ? "oom" : "killed";
}

function explain(run: Run, reason: Reason): string {
  const seen = `last seen ${formatMoment(run.seenAt)}`;
  if (reason === "reboot") return `the machine went down while process ${run.holder.pid} was running (${seen})`;
  if (reason === "timeout") return `process ${run.holder.pid} was ended at its time limit (${seen})`;
  if (reason === "oom") return `the kernel ended process ${run.holder.pid} for lack of memory (${seen})`;
  return `process ${run.holder.pid} was killed (${seen})`;
}

interface LeftRunning {
  readonly children: readonly ChildGroup[];
  /** Groups that carry the run's mark: who was killed in the moment of starting a program could not record it any more. */
  readonly groups: Iterable<number>;
}

async function endChildren({ children, groups }: LeftRunning, graceSeconds: number): Promise<string[]> {
  const notes: string[] = [];
  for (const child of children) {
    const result = await endGroup(child.leader, graceSeconds);
    if (result !== "gone")
      notes.push(`its child ${child.leader.pid} (${child.command.slice(0, 80)}) still ran and was ${result}`);
  }
  for (const group of groups) {
    const result = await endProcessGroup(group, graceSeconds);
    if (result !== "gone") notes.push(`process group ${group}, which it had started, still ran and was ${result}`);
  }
  return notes;
}
