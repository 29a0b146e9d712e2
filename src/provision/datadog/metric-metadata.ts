import type { MetricDefinition } from "../../model/metrics/definition.ts";
import { metricNames, metrics } from "../../model/metrics.ts";
import { type Difference, differencesOf } from "../difference.ts";
import type { Body } from "../resource.ts";

/** What Datadog shall tell about one metric. */
export interface MetricMetadata {
  /** In Datadog. */
  readonly name: string;
  readonly body: Body;
}

/** https://docs.datadoghq.com/metrics/units/; without a unit: moments, states and what is counted. */
const unitNames: Readonly<Partial<Record<string, string>>> = {
  seconds: "second",
  hours: "hour",
  bytes: "byte",
  ratio: "fraction",
  percent: "percent",
  usd: "dollar",
};

/** Everything of the catalogue, as Datadog's metrics summary shows it. */
export const catalogueMetadata: readonly MetricMetadata[] = metricNames.map((key) => {
  const { datadog: name, type, unit, datadogUnit, help }: MetricDefinition = metrics[key];
  const unitName = unitNames[datadogUnit ?? unit];
  return {
    name,
    body: {
      type: type === "counter" ? "count" : "gauge",
      ...(unitName === undefined ? {} : { unit: unitName }),
      short_name: shortName(name),
      description: help,
    },
  };
});

/** `job success age` for `pantheros.job.success_age`. */
export function shortName(name: string): string {
  return name.split(".").slice(1).join(" ").replaceAll("_", " ");
}

/** What has to change; what the catalogue says nothing about is left as it is. */
export function metadataDifferences({ body }: MetricMetadata, found: Body): readonly Difference[] {
  const compared = Object.fromEntries(Object.keys(body).map((field) => [field, found[field] ?? null]));
  // Agents store what is counted as a rate: calling it a count would change what every graph of it shows.
  const isRate = body["type"] === "count" && compared["type"] === "rate";
  // Datadog takes another type for a distribution, and keeps its own (terraform-provider-datadog#2222): a plan would never be empty.
  const isSettled = isRate || compared["type"] === "distribution";
  return differencesOf(isSettled ? { ...compared, type: body["type"] ?? null } : compared, body);
}
