import type { Ledger } from "../ledger/ledger.ts";
import { incrementsOf } from "../model/counters.ts";
import type { Reason } from "../model/outcome.ts";
import { formatTimestamp } from "../model/quantity.ts";
import type { Run, Step } from "../model/run.ts";
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
  const reconciled: Reconciled[] = [];
  for (const run of ledger.unfinishedRuns()) {
    if (!isGone(run, options.now())) continue;
    const reason = reasonFor(run, options);
    const ended = await endChildren(ledger, run, options.graceSeconds ?? 5);
    const message = [explain(run, reason), ...ended].join("; ");
    // The clock may have been set back since.
    const finishedAt = Math.max(options.now(), run.startedAt);
    if (finishLost(ledger, run, reason, message, finishedAt)) reconciled.push({ run, reason, message });
  }
  return reconciled;
}

function reasonFor(run: Run, options: ReconcileOptions): Reason {
  if (!isOfThisBoot(run.holder)) return "reboot";
  const told = options.stopped?.job === run.job ? serviceResults[options.stopped.serviceResult] : undefined;
  if (told) return told;
  if (run.deadlineAt !== null && run.seenAt >= run.deadlineAt) return "timeout";
  return "killed";
}

function explain(run: Run, reason: Reason): string {
  const seen = `last seen ${formatTimestamp(run.seenAt)}`;
  if (reason === "reboot") return `the machine went down while process ${run.holder.pid} was running (${seen})`;
  if (reason === "timeout") return `process ${run.holder.pid} was ended at its time limit (${seen})`;
  if (reason === "oom") return `the kernel ended process ${run.holder.pid} for lack of memory (${seen})`;
  return `process ${run.holder.pid} was killed (${seen})`;
}

async function endChildren(ledger: Ledger, run: Run, graceSeconds: number): Promise<string[]> {
  const notes: string[] = [];
  for (const child of ledger.children(run.id)) {
    const result = await endGroup(child.leader, graceSeconds);
    if (result !== "gone")
      notes.push(`its child ${child.leader.pid} (${child.command.slice(0, 80)}) still ran and was ${result}`);
  }
  // A run that was killed in the moment of starting a program could not record it any more.
  for (const group of groupsMarked(markOf(run.id))) {
    const result = await endProcessGroup(group, graceSeconds);
    if (result !== "gone") notes.push(`process group ${group}, which it had started, still ran and was ${result}`);
  }
  return notes;
}

function finishLost(ledger: Ledger, run: Run, reason: Reason, message: string, finishedAt: number): boolean {
  for (const step of ledger.steps(run.id)) {
    if (step.startedAt !== null && step.finishedAt === null) {
      ledger.finishStep(run.id, step.position, Math.max(finishedAt, step.startedAt), {
        ...emptyFinish,
        outcome: "failed",
        reason,
        message,
      });
    }
  }
  const steps: readonly Step[] = ledger.steps(run.id);
  const increments = incrementsOf({ job: run.job, outcome: "failed", reason }, steps, {
    lost: true,
    journaled: run.journaled,
  });
  return ledger.finishRun(run.id, { finishedAt, outcome: "failed", reason, message, lost: true, increments });
}

const emptyFinish = { attempts: 1, exitCode: null, signal: null, bytes: null, files: null, evidence: {}, tail: null };
