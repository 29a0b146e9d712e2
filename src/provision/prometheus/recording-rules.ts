import { type AnyExpression, highest, quotient, share } from "../../model/alert/expression.ts";
import { days } from "../../model/alert/measure.ts";
import { metrics } from "../../model/metrics.ts";
import { valueToPromql } from "./promql.ts";

/** https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

const byJob = ["host", "job"] as const;
const byObjective = ["host", "objective"] as const;
const byPromise = ["host", "objective", "promise"] as const;

/**
 * What dashboards and reports ask for again and again, over stretches of time that are slow to compute; named as Prometheus asks,
 * level:metric:operations.
 */
export const recordingRules: readonly RecordingRule[] = [
  {
    record: "host_job:pantheros_job_runs:success_ratio_30d",
    expr: valueToPromql(
      share("jobRuns", {
        by: byJob,
        without: { outcome: ["skipped"] },
        of: { outcome: ["success"] },
        within: days(30),
      }),
    ),
  },
  ratio(
    "host_objective:pantheros_objective_rpo:ratio",
    quotient(highest("objectiveRpoActual", { by: byObjective }), highest("objectiveRpoPromised", { by: byObjective })),
  ),
  ratio(
    "host_objective:pantheros_objective_rto:ratio",
    quotient(highest("objectiveRtoActual", { by: byObjective }), highest("objectiveRtoPromised", { by: byObjective })),
  ),
  {
    // Of the time for which it is known.
    record: "host_objective_promise:pantheros_objective_met:avg_30d",
    expr: `avg by (${byPromise.join(", ")}) (avg_over_time(${metrics.objectiveMet.prometheus}[30d]))`,
  },
];

function ratio(record: string, value: AnyExpression): RecordingRule {
  return { record, expr: valueToPromql(value) };
}
