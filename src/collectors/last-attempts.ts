import type { Config } from "../config/schema.ts";
import type { LastStep, Ledger } from "../ledger/ledger.ts";
import type { JobState } from "../model/run.ts";
import { type DeclaredStep, declaredSteps } from "./declared-steps.ts";

/** How the last attempt of a step ended. */
export interface LastAttempt extends DeclaredStep {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly failed: boolean;
}

/**
 * The last attempt of each declared step of a kind that was ever made. A step that a failed run did not come to has failed as well, as it is
 * counted (model/counters.ts): what it was to make is missing all the same. Journals are read of those jobs alone whose last run did not
 * succeed in all of them.
 */
export function lastAttempts(kind: "snapshot" | "drill", config: Config, ledger: Ledger): readonly LastAttempt[] {
  const successes = ledger.lastSteps().filter((step) => step.kind === kind);
  const states = new Map(ledger.jobStates().map((state) => [state.job, state]));
  return [...Map.groupBy(declaredSteps(kind, config), ({ job }) => job)].flatMap(([job, steps]) => {
    const own = successes.filter((step) => step.job === job);
    const state = states.get(job);
    if (!state || state.lastStartedAt === null) return [];
    const since = startOfLastEnded(state);
    const succeeded = steps.map((step) => ({ step, at: successOf(step, own) }));
    const isWell = since === null || succeeded.every(({ at }) => at !== null && at >= since);
    const failures = isWell ? [] : failuresOf(job, ledger);
    return succeeded.flatMap(({ step, at }): LastAttempt[] => {
      const failedAt = Math.max(...failures.filter(({ id }) => id === step.id).map((failure) => failure.at));
      if (failedAt > (at ?? 0)) return [{ ...step, at: failedAt, failed: true }];
      return at === null ? [] : [{ ...step, at, failed: false }];
    });
  });
}

/** A run that has not ended has not failed either; null: none has ended yet. */
function startOfLastEnded({ lastFinishedAt, lastDurationSeconds }: JobState): number | null {
  return lastFinishedAt === null ? null : Math.round(lastFinishedAt - (lastDurationSeconds ?? 0) * 1000);
}

function successOf({ id, target }: DeclaredStep, own: readonly LastStep[]): number | null {
  const times = own.filter((step) => step.id === id && step.target === target).map(({ finishedAt }) => finishedAt);
  return times.length === 0 ? null : Math.max(...times);
}

/** Steps without success of the job's last failed and of its last partial run. */
function failuresOf(job: string, ledger: Ledger): readonly { readonly id: string; readonly at: number }[] {
  return (["failed", "partial"] as const).flatMap((outcome) =>
    ledger.runs({ job, outcome, limit: 1 }).flatMap((run) =>
      ledger
        .steps(run.id)
        .filter((step) => step.outcome !== "success" && (outcome === "failed" || step.outcome !== "skipped"))
        .map(({ id }) => ({ id, at: run.finishedAt ?? run.startedAt })),
    ),
  );
}
