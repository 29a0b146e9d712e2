import type { Stack } from "../../model/alert/stack.ts";
import { metrics } from "../../model/metrics.ts";
import type { Body, Resource } from "../resource.ts";

/** Percent of a month, and the share at which Datadog warns before it is lost. */
const promises = { target: 99, warning: 99.5, timeframe: "30d" };

/** What a stack promises over a month: that backups succeed, and that no data set is ever further behind than was promised. */
export function sloResources({ name }: Stack): readonly Resource[] {
  const runs = metrics.jobRuns.datadog;
  const rpo = (metric: "objectiveRpoActual" | "objectiveRpoPromised") =>
    `max:${metrics[metric].datadog}{*} by {host,objective}`;
  return [
    slo("backup-success", name, {
      name: `Backups succeed (${name})`,
      description: "Of all runs that were not skipped, those that ended as success.",
      type: "metric",
      query: {
        numerator: `sum:${runs}{outcome:success}.as_count()`,
        denominator: `sum:${runs}{!outcome:skipped}.as_count()`,
      },
    }),
    slo("recovery-point", name, {
      name: `Data is as recent as promised (${name})`,
      description:
        "Of all time, that in which the newest proven backup of each objective was younger than its recovery point objective.",
      type: "time_slice",
      sli_specification: {
        time_slice: {
          comparator: "<=",
          threshold: 1,
          query_interval_seconds: 300,
          query: {
            formulas: [{ formula: "actual / promised" }],
            queries: [
              { data_source: "metrics", name: "actual", query: rpo("objectiveRpoActual") },
              { data_source: "metrics", name: "promised", query: rpo("objectiveRpoPromised") },
            ],
          },
        },
      },
    }),
  ];
}

function slo(id: string, stack: string, own: Body): Resource {
  const tags = ["managed_by:pantheros", `pantheros_stack:${stack}`, `pantheros_id:${id}`];
  return {
    kind: "slo",
    id,
    needs: [],
    body: { ...own, tags, thresholds: [promises] },
    file: "src/provision/slo-resources.ts",
  };
}
