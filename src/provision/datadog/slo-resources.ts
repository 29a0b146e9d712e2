import { type Selecting, selectingHosts, withHosts } from "../../model/alert/expression.ts";
import { backupSuccess, recoveryPoint, recoveryPointMet, type ServiceLevel } from "../../model/alert/service-level.ts";
import type { Stack } from "../../model/alert/stack.ts";
import type { Body, Resource } from "../resource.ts";
import { series, valueToDatadog } from "./query.ts";

/** What a stack promises over a month: that backups succeed, and that no data set is ever further behind than was promised. */
export function sloResources({ name, hosts }: Stack): readonly Resource[] {
  const runs = (selecting: Partial<Selecting>) =>
    `${series("sum", "jobRuns", selectingHosts(hosts, { where: {}, without: {}, ...selecting }), [])}.as_count()`;
  const met = valueToDatadog(withHosts(hosts, recoveryPointMet));
  return [
    slo(backupSuccess, name, {
      type: "metric",
      query: {
        numerator: runs({ where: { outcome: ["success"] } }),
        denominator: runs({ without: { outcome: ["skipped"] } }),
      },
    }),
    slo(recoveryPoint, name, {
      type: "time_slice",
      sli_specification: {
        time_slice: {
          comparator: ">=",
          threshold: 1,
          query_interval_seconds: 300,
          query: {
            formulas: [{ formula: "met" }],
            queries: [{ data_source: "metrics", name: "met", query: met }],
          },
        },
      },
    }),
  ];
}

function slo({ id, title, description, target }: ServiceLevel, stack: string, own: Body): Resource {
  const name = `${title} (${stack})`;
  const tags = ["managed_by:pantheros", `pantheros_stack:${stack}`, `pantheros_id:${id}`];
  // In percent; Datadog warns when half of the errors that a month may have are used up.
  const promised = { target: percent(target), warning: percent((1 + target) / 2), timeframe: "30d" };
  return {
    kind: "slo",
    id,
    needs: [],
    body: { name, description, ...own, tags, thresholds: [promised] },
    file: "src/model/alert/service-level.ts",
  };
}

/** 0.995 × 100 is 99.5, whatever binary fractions say. */
const percent = (share: number) => Number((share * 100).toPrecision(6));
