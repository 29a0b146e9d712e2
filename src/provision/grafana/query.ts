import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import type { AnyExpression } from "../../model/alert/expression.ts";
import type { States } from "../../model/dashboard/widget.ts";
import { metrics } from "../../model/metrics.ts";
import { selector, valueToPromql } from "../prometheus/promql.ts";

/** Every panel asks the source that its reader has chosen. */
export const datasource = { type: "prometheus", uid: "${datasource}" } as const;

/** The value as panels take it: moments are milliseconds to Grafana. */
export function shownByGrafana(value: AnyExpression): string {
  const query = valueToPromql(value);
  return value.unit === "timestamp" ? `${query} * 1000` : query;
}

/** One state for each group at each time, as the number of its place among all states, from 1 on. */
export function stateQuery({ metric, label, by, states }: States, chosen: readonly string[]): string {
  const name = metrics[metric].prometheus;
  if (label === null) return valueToPromql({ kind: "current", across: "min", ...nothingElse(metric), by, chosen });
  const parts = Object.keys(states).map((state, index) => {
    const series = selector(name, { where: { [label]: [state] }, without: {}, chosen });
    return `${series} * ${index + 1}`;
  });
  return `max by (${by.join(", ")}) (\n  ${parts.join("\n  or ")}\n)`;
}

const nothingElse = (metric: States["metric"]) => ({ metric, unit: "boolean", where: {}, without: {} }) as const;

/** The value now. @param index position among the queries of its panel */
export function now(query: string, index = 0): DataqueryBuilder {
  return base(query, index).instant().format(PromQueryFormat.TimeSeries);
}

/** The value now, as rows of a table. */
export function rows(query: string, index: number): DataqueryBuilder {
  return base(query, index).instant().format(PromQueryFormat.Table);
}

/** The value over the time that is looked at. */
export function overTime(query: string, index = 0): DataqueryBuilder {
  return base(query, index).range().format(PromQueryFormat.TimeSeries);
}

/** `{{host}} · {{job}}`: what a group is called. */
export function legend(by: readonly string[], name: string | null = null): string {
  const labels = by.map((label) => `{{${label}}}`).join(" · ");
  return [name, labels].filter(Boolean).join(" ");
}

function base(query: string, index: number): DataqueryBuilder {
  return new DataqueryBuilder().datasource(datasource).expr(query).refId(refId(index));
}

/** A, B, C… */
export function refId(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}
