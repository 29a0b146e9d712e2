import type { Outcome, Reason } from "../run/outcome.ts";
import type { Run, Step } from "../run/run.ts";
import type { Sample } from "./sample.ts";

type CountedRun = Pick<Run, "job" | "reason"> & { readonly outcome: Outcome };
type CountedStep = Pick<Step, "kind" | "target" | "outcome" | "reason">;

/**
 * What a finished run adds to the counters, as samples of value 1.
 *
 * A snapshot or backup step counts once: as created or completed if it succeeded, else as failed with its own reason or the run's; a partial
 * one never counts as success. What a failed run planned and never reached counts as failed too: the artifact is missing all the same. A
 * skipped run says nothing about its steps, nor does a skipped step of a run that did not fail.
 *
 * @param options.lost its process was gone before it could say how it ended
 * @param options.journaled the ledger could be written while it ran
 */
export function incrementsOf(
  run: CountedRun,
  steps: readonly CountedStep[],
  options: { readonly lost: boolean; readonly journaled: boolean },
): Sample[] {
  const { job, outcome } = run;
  const reason = outcome === "success" ? "none" : (run.reason ?? "unknown");
  const increments: Sample[] = [{ metric: "jobRuns", labels: { job, outcome, reason }, value: 1 }];
  if (options.lost) increments.push({ metric: "jobLost", labels: { job, reason }, value: 1 });
  if (!options.journaled) increments.push({ metric: "jobUnjournaled", labels: { job }, value: 1 });
  for (const step of steps) {
    const skipped = outcome === "skipped" || (outcome !== "failed" && step.outcome === "skipped");
    if (!skipped) increments.push(...countStep(run, step));
  }
  return increments;
}

function countStep(run: CountedRun, step: CountedStep): Sample[] {
  const { job } = run;
  const target = step.target ?? "none";
  const reason: Reason | null = step.outcome === "success" ? null : (step.reason ?? run.reason ?? "unknown");
  switch (step.kind) {
    case "snapshot":
      return reason === null
        ? [{ metric: "snapshotCreated", labels: { subvol: target }, value: 1 }]
        : [{ metric: "snapshotFailed", labels: { subvol: target, reason }, value: 1 }];
    case "backup":
      return reason === null
        ? [{ metric: "backupCompleted", labels: { job, target }, value: 1 }]
        : [{ metric: "backupFailed", labels: { job, target, reason }, value: 1 }];
    default:
      return [];
  }
}

/** The same increments with those of one series in one. */
export function addedUp(increments: readonly Sample[]): Sample[] {
  const series = Map.groupBy(increments, ({ metric, labels }) => JSON.stringify([metric, labels]));
  return [...series.values()].flatMap((same) => {
    const [first] = same;
    return first ? [{ ...first, value: same.reduce((sum, { value }) => sum + (value ?? 0), 0) } as Sample] : [];
  });
}
