import type { ProcessIdentity, Run, Step } from "../model/run.ts";
import type { BriefStep } from "./ledger.ts";
import { unpack } from "./packed.ts";

/** Columns of `runs` under the names of `Run`; for `FROM runs`, also in joins. */
export const runColumns = `
  runs.id, runs.job, runs.started_by AS "trigger", runs.started_at AS startedAt, runs.deadline_at AS deadlineAt,
  runs.finished_at AS finishedAt, coalesce(runs.seen_at, runs.finished_at) AS seenAt, runs.outcome, runs.reason, runs.message,
  (SELECT boot_id FROM boots WHERE number = runs.boot) AS bootId, runs.pid, runs.start_ticks AS startTicks, runs.journaled, runs.lost, runs.emitted_at AS emittedAt`;

/** Columns of `steps` under the names of `BriefStep` and `Step`, for `FROM steps JOIN runs JOIN plans`. */
export const briefStepColumns = `
  runs.id AS runId, steps.position, plans.id, plans.uses, plans.kind, plans.target, plans.optional, steps.started_at AS startedAt,
  steps.finished_at AS finishedAt, steps.outcome, steps.reason, steps.message, steps.attempts, steps.exit_code AS exitCode,
  steps.signal, steps.bytes, steps.files, steps.evidence`;
export const stepColumns = `${briefStepColumns}, steps.inputs, steps.tail`;

/** SQLite has neither booleans nor nested values. */
type Stored<T, Booleans extends keyof T> = Omit<T, Booleans> & Readonly<Record<Booleans, number>>;

export type RunRow = Omit<Stored<Run, "journaled" | "lost">, "holder"> & ProcessIdentity;

export type BriefStepRow = Omit<Stored<BriefStep, "optional">, "evidence"> & { readonly evidence: Buffer | null };

export type StepRow = BriefStepRow & Readonly<Record<"inputs" | "tail", Buffer | null>>;

export function toRun({ bootId, pid, startTicks, journaled, lost, ...same }: RunRow): Run {
  return { ...same, holder: { bootId, pid, startTicks }, journaled: journaled === 1, lost: lost === 1 };
}

export function toStep({ inputs, tail, ...brief }: StepRow): Step {
  return { ...toBriefStep(brief), inputs: unpack(inputs, []), tail: unpack(tail, null) };
}

export function toBriefStep({ optional, evidence, ...same }: BriefStepRow): BriefStep {
  return { ...same, optional: optional === 1, evidence: unpack(evidence, {}) };
}

/** Whole milliseconds, as the tables want them. */
export function moment(at: number): number;
export function moment(at: number | null): number | null;
export function moment(at: number | null): number | null {
  return at === null ? null : Math.round(at);
}
