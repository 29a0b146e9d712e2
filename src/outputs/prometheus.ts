import { Counter, Gauge, type OpenMetricsContentType, Registry } from "prom-client";
import type { StateSnapshot } from "../model/samples/sample.ts";
import { type Family, familiesOf } from "./series.ts";

/** `text`: Prometheus' own format 0.0.4. `openmetrics`: OpenMetrics 1.0.0. */
export type PrometheusFormat = "text" | "openmetrics";

/** Value of the Content-Type header per format. */
export const contentTypes = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
} as const satisfies Record<PrometheusFormat, string>;

/**
 * The whole `/metrics` page. The same state and moment give the same bytes.
 * @param now seconds since the epoch; ages are counted up to it
 */
export async function renderPrometheus(state: StateSnapshot, format: PrometheusFormat, now: number): Promise<string> {
  const families = familiesOf(state, now);
  // prom-client would render an empty line, which OpenMetrics forbids.
  if (families.length === 0) return format === "openmetrics" ? "# EOF\n" : "";
  const registry = new Registry<OpenMetricsContentType | typeof contentTypes.text>();
  registry.setContentType(contentTypes[format]);
  for (const family of families) registry.registerMetric(metricOf(family));
  return registry.metrics();
}

/**
 * The values are handed over as they are, not by `set`: prom-client tells series apart by joining label values without escaping, so that
 * two series whose values contain commas and colons could become one.
 */
function metricOf({ definition, series }: Family): Counter | Gauge {
  const { prometheus: name, help, type } = definition;
  const metric =
    type === "counter" ? new Counter({ name, help, registers: [] }) : new Gauge({ name, help, registers: [] });
  const { get } = metric;
  const values = series.map(({ labels, value }) => ({ labels, value, sharedLabels }));
  metric.get = async () => ({ ...(await get.call(metric)), values });
  return metric;
}

/** prom-client remembers how labels that several series share are written: without any it would make some for each series, and remember those. */
const sharedLabels = {};
