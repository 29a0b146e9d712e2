import type { ProcessIdentity, Run, Step } from "../model/run/run.ts";
import type { BriefStep } from "./ledger.ts";
import { unpack } from "./packed.ts";

/** Columns of `runs` under the names of `Run`; for `FROM runs`, also in joins. */
export const runColumns = `
  runs.id, runs.job, runs.started_by AS "trigger", runs.started_at AS startedAt, runs.deadline_at AS deadlineAt,
  runs.finished_at AS finishedAt, coalesce(runs.seen_at, runs.finished_at) AS seenAt, runs.outcome, runs.reason, runs.message,
  (SELECT boot_id FROM boots WHERE number = runs.boot) AS bootId, runs.pid, runs.start_ticks AS startTicks, runs.journaled, runs.lost, runs.emitted_at AS emittedAt`;

/** Columns of `steps` under the names of `BriefStep` and `Step`, for `FROM steps JOIN runs JOIN plans`. */
const commonColumns = `
  runs.id AS runId, plans.id, plans.kind, plans.target, steps.finished_at AS finishedAt, steps.outcome, steps.message, steps.bytes, steps.files`;
// Unpacking is most of the time that a month of runs takes, and prunings are half of their steps.
export const briefStepColumns = `${commonColumns},
  iif(steps.outcome = 'success' AND plans.kind <> 'prune', steps.evidence, NULL) AS evidence`;
export const stepColumns = `${commonColumns}, steps.evidence, steps.position, plans.uses, plans.optional, steps.started_at AS startedAt,
  steps.reason, steps.attempts, steps.exit_code AS exitCode, steps.signal, steps.inputs, steps.tail`;

/** SQLite has neither booleans nor nested values. */
type Stored<T, Booleans extends keyof T> = Omit<T, Booleans> & Readonly<Record<Booleans, number>>;

export type RunRow = Omit<Stored<Run, "journaled" | "lost">, "holder"> & ProcessIdentity;

type Packed<T, Fields extends keyof T> = Omit<T, Fields> & Readonly<Record<Fields, Buffer | null>>;

export type BriefStepRow = Packed<BriefStep, "evidence">;

export type StepRow = Packed<Stored<Step, "optional">, "evidence" | "inputs" | "tail">;

export function toRun({ bootId, pid, startTicks, journaled, lost, ...same }: RunRow): Run {
  return { ...same, holder: { bootId, pid, startTicks }, journaled: journaled === 1, lost: lost === 1 };
}

export function toStep({ optional, evidence, inputs, tail, ...same }: StepRow): Step {
  const unpacked = { evidence: unpack(evidence, {}), inputs: unpack(inputs, []), tail: unpack(tail, null) };
  return { ...same, optional: optional === 1, ...unpacked };
}

export function toBriefStep(row: BriefStepRow): BriefStep {
  return { ...row, evidence: unpack(row.evidence, {}) };
}

/** Whole milliseconds, as the tables want them. */
export function moment(at: number): number;
export function moment(at: number | null): number | null;
export function moment(at: number | null): number | null {
  return at === null ? null : Math.round(at);
}
