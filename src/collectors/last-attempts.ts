import type { Config } from "../config/schema.ts";
import type { LastStep, Ledger } from "../ledger/ledger.ts";
import type { JobState } from "../model/run/run.ts";
import { type DeclaredStep, declaredSteps } from "./declared/steps.ts";

/** How the last attempt of a step ended. */
export interface LastAttempt extends DeclaredStep {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly failed: boolean;
}

/**
 * The last attempt of each declared step of a kind that was ever made. A step that a failed run did not come to has failed as well, as it is
 * counted (model/samples/counters.ts): what it was to make is missing all the same. Journals are read of those jobs alone whose last finished run did
 * not succeed in all of them.
 * @param last what `ledger.lastSteps` says
 */
export function lastAttempts(
  kind: "snapshot" | "drill",
  config: Config,
  ledger: Ledger,
  last: readonly LastStep[],
): readonly LastAttempt[] {
  const successes = Map.groupBy(
    last.filter((step) => step.kind === kind),
    ({ job }) => job,
  );
  const states = new Map(ledger.jobStates().map((state) => [state.job, state]));
  return [...Map.groupBy(declaredSteps(kind, config), ({ job }) => job)].flatMap(([job, steps]) => {
    const succeeded = steps.map((step) => ({ step, at: successOf(step, successes.get(job) ?? []) }));
    const since = startOfLast(states.get(job));
    const isWell = since === null || succeeded.every(({ at }) => at !== null && at >= since);
    const failures = isWell ? [] : failuresOf(job, ledger);
    return succeeded.flatMap(({ step, at }): LastAttempt[] => {
      const failedAt = Math.max(...failures.filter(({ id }) => id === step.id).map((failure) => failure.at));
      if (failedAt > (at ?? 0)) return [{ ...step, at: failedAt, failed: true }];
      return at === null ? [] : [{ ...step, at, failed: false }];
    });
  });
}

/** When the last finished run began, to the millisecond or a little before; null: none has finished. */
function startOfLast(state: JobState | undefined): number | null {
  const { lastFinishedAt = null, lastDurationSeconds = null } = state ?? {};
  return lastFinishedAt === null ? null : Math.floor(lastFinishedAt - (lastDurationSeconds ?? 0) * 1000);
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
