import { kindsThatSave } from "../../collectors/declared/subjects.ts";
import type { KnownState, Objective } from "../../collectors/known-state.ts";
import type { Proof } from "../../collectors/proof.ts";
import { seenSteps } from "../../collectors/seen-step.ts";
import { artifactsOf } from "../../model/run/evidence.ts";
import type { StepKind } from "../../model/run/run.ts";

/** One step whose last success is part of what an objective is judged by. Moments are seconds since the epoch. */
export interface ObjectiveStep {
  readonly job: string;
  readonly step: string;
  readonly uses: string;
  readonly kind: StepKind;
  readonly target: string;
  /** Null: its run is not in the journal any more. */
  readonly run: string | null;
  readonly runStartedAt: number;
  readonly finishedAt: number;
  /** What it left behind. */
  readonly artifacts: readonly string[];
  /** Null: it leaves nothing that others could see. */
  readonly proof: Proof | null;
  /** Of a drill. */
  readonly recoverySeconds: number | null;
}

export interface ObjectiveDetails {
  /** Backups, copies, snapshots and drills; those that save first. */
  readonly steps: readonly ObjectiveStep[];
}

export function detailsOf(objective: Objective, state: KnownState): ObjectiveDetails {
  const counted = (job: string, kind: StepKind) =>
    kind === "drill" || kind === "copy" || kindsThatSave(state.config.jobs[job] ?? { steps: [] }).includes(kind);
  const own = state.steps.filter(({ job, kind }) => objective.jobs.includes(job) && counted(job, kind));
  const steps = seenSteps(own, state).map(({ step, proof }): ObjectiveStep => {
    const seconds = step.evidence["rto_seconds"];
    const last = state.ledger.pastSteps(step, 1)[0];
    return {
      ...{ job: step.job, step: step.id, uses: step.uses, kind: step.kind, target: step.target, proof },
      run: last?.finishedAt === step.finishedAt ? last.runId : null,
      ...{ runStartedAt: step.runStartedAt / 1000, finishedAt: step.finishedAt / 1000 },
      artifacts: artifactsOf({ ...step, outcome: "success" }),
      recoverySeconds: step.kind === "drill" && typeof seconds === "number" ? seconds : null,
    };
  });
  return { steps: steps.toSorted((a, b) => Number(a.kind === "drill") - Number(b.kind === "drill")) };
}
