import type { ChildGroup, Ledger } from "../ledger/ledger.ts";
import { addedUp, incrementsOf } from "../model/counters.ts";
import type { Reason } from "../model/outcome.ts";
import { formatTimestamp } from "../model/quantity.ts";
import { nothingDone, type Run, type Step } from "../model/run.ts";
import type { Sample } from "../model/sample.ts";
import { endedForMemory, type MemoryKill, memoryKills, readKernelLog } from "../tools/kernel-log.ts";
import { isOfThisBoot } from "../tools/process.ts";
import { endGroup, endProcessGroup, groupsMarked } from "../tools/process-group.ts";
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
  const reconciled: Reconciled[] = [];
  for (let first = 0; first < ends.length; first += atOnce) {
    const some = ends.slice(first, first + atOnce);
    reconciled.push(...ledger.together(() => finishLost(ledger, some, options.now())));
  }
  return reconciled;
}

/** Runs that are given their end in one transaction: many, because each waits for the disk; not all, because others want to write too. */
const atOnce = 500;

function reasonFor(run: Run, options: ReconcileOptions, isForMemory: (holder: Run["holder"]) => boolean): Reason {
  if (!isOfThisBoot(run.holder)) return "reboot";
  const told = options.stopped?.job === run.job ? serviceResults[options.stopped.serviceResult] : undefined;
  if (told) return told;
  if (run.deadlineAt !== null && run.seenAt >= run.deadlineAt) return "timeout";
  return isForMemory(run.holder) ? "oom" : "killed";
}

function explain(run: Run, reason: Reason): string {
  const seen = `last seen ${formatTimestamp(run.seenAt)}`;
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

/** Part of one transaction. @returns those that nobody else has given an end meanwhile */
function finishLost(ledger: Ledger, ends: readonly Reconciled[], now: number): readonly Reconciled[] {
  const increments: Sample[] = [];
  const finished = ends.filter((end) => {
    const { run, reason, message } = end;
    // The clock may have been set back since.
    const finishedAt = Math.max(now, run.startedAt);
    const steps = finishSteps(ledger, end, finishedAt);
    const counted = { job: run.job, outcome: "failed", reason } as const;
    const isOurs = ledger.finishRun(run.id, { ...counted, finishedAt, message, lost: true, increments: [] });
    if (isOurs) increments.push(...incrementsOf(counted, steps, { lost: true, journaled: run.journaled }));
    return isOurs;
  });
  ledger.addToTotals(addedUp(increments));
  return finished;
}

/** @returns the steps of the run as they are now */
function finishSteps(ledger: Ledger, { run, reason, message }: Reconciled, finishedAt: number): readonly Step[] {
  return ledger.steps(run.id).map((step) => {
    if (step.startedAt === null || step.finishedAt !== null) return step;
    const finish = { ...nothingDone, attempts: 1, outcome: "failed", reason, message } as const;
    ledger.finishStep(run.id, step.position, Math.max(finishedAt, step.startedAt), finish);
    return { ...step, ...finish };
  });
}
