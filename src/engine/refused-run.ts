import type { Ledger } from "../ledger/ledger.ts";
import { incrementsOf } from "../model/samples/counters.ts";
import { ownIdentity } from "../tools/process/process.ts";
import { newRunId } from "./run-id.ts";

/** Journals a run that could not even begin because its configuration is refused: what silently never starts is the worst failure. */
export function recordRefusedRun(
  ledger: Ledger,
  refused: { readonly job: string; readonly message: string; readonly now: number; readonly random: () => number },
): void {
  const { job, message, now } = refused;
  const ended = { outcome: "failed", reason: "config" } as const;
  const start = {
    id: newRunId(now, refused.random),
    job,
    trigger: "command",
    startedAt: now,
    deadlineAt: null,
    holder: ownIdentity(),
    steps: [],
  } as const;
  const increments = incrementsOf({ job, ...ended }, [], { lost: false, journaled: true });
  ledger.recordFinishedRun(start, { finishedAt: now, ...ended, message, increments });
}
