import {
  type AnyExpression,
  highest,
  quotient,
  selectingHosts,
  share,
  withHosts,
} from "../../model/alert/expression.ts";
import { days } from "../../model/alert/measure.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { metrics } from "../../model/metrics.ts";
import { selector, valueToPromql } from "./promql.ts";

/** https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * What dashboards and reports ask for again and again, over stretches of time that are slow to compute; named as Prometheus asks,
 * level:metric:operations.
 */
export function recordingRules(stack: Stack): readonly RecordingRule[] {
  const value = (expression: AnyExpression) => valueToPromql(withHosts(stack.hosts, expression));
  const met = selector(metrics.objectiveMet.prometheus, selectingHosts(stack.hosts, { where: {}, without: {} }));
  return [
    { record: "host_job:pantheros_job_runs:success_ratio_30d", expr: value(successes) },
    { record: "host_objective:pantheros_objective_rpo:ratio", expr: value(lossOfPromise) },
    { record: "host_objective:pantheros_objective_rto:ratio", expr: value(restoreOfPromise) },
    {
      // Of the time for which it is known.
      record: "host_objective_promise:pantheros_objective_met:avg_30d",
      expr: `avg by (host, objective, promise) (avg_over_time(${met}[30d]))`,
    },
  ];
}

const successes = share("jobRuns", {
  by: ["host", "job"],
  without: { outcome: ["skipped"] },
  of: { outcome: ["success"] },
  within: days(30),
});

const byObjective = ["host", "objective"] as const;

const lossOfPromise = quotient(
  highest("objectiveRpoActual", { by: byObjective }),
  highest("objectiveRpoPromised", { by: byObjective }),
);

const restoreOfPromise = quotient(
  highest("objectiveRtoActual", { by: byObjective }),
  highest("objectiveRtoPromised", { by: byObjective }),
);
