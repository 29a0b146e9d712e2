import { type MetricDefinition, type MetricName, metricNames, metrics } from "../model/metrics.ts";
import { type Sample, type StateSnapshot, valueAt } from "../model/sample.ts";

export interface Series {
  /** `host` first, then the labels of the catalogue in its order. */
  readonly labels: Readonly<Record<string, string>>;
  /** Always finite, in the unit of the catalogue. */
  readonly value: number;
}

/** All series of one metric, sorted by their label values. */
export interface Family {
  readonly name: MetricName;
  readonly definition: MetricDefinition;
  readonly series: readonly Series[];
}

/**
 * What a state says at a moment, in the one order that every rendering uses: the catalogue's, then by label values.
 * Left out: values that are not finite (unknown is absent), metrics that the catalogue does not know (written by another version),
 * and all but the last sample of a series (a page with one series twice is refused as a whole).
 * @param now seconds since the epoch
 */
export function familiesOf(state: StateSnapshot, now: number): readonly Family[] {
  const samplesOf = Map.groupBy(state.samples, (sample) => sample.metric);
  const families: Family[] = [];
  for (const name of metricNames) {
    const definition: MetricDefinition = metrics[name];
    const series = seriesOf(definition, samplesOf.get(name) ?? [], state.host, now);
    if (series.length > 0) families.push({ name, definition, series });
  }
  return families;
}

function seriesOf(definition: MetricDefinition, samples: readonly Sample[], host: string, now: number): Series[] {
  const byIdentity = new Map<string, Series>();
  for (const sample of samples) {
    const value = valueAt(sample, now);
    if (!Number.isFinite(value)) continue;
    const labels = labelsOf(definition, sample, host);
    byIdentity.set(JSON.stringify(Object.values(labels)), { labels, value });
  }
  return [...byIdentity.values()].sort(byLabelValues);
}

function labelsOf(definition: MetricDefinition, sample: Sample, host: string): Record<string, string> {
  const given: Readonly<Record<string, string | undefined>> = sample.labels;
  const labels: Record<string, string> = { host: host.toWellFormed() };
  // Half a surrogate pair has no UTF-8: it becomes U+FFFD here, before identities are compared, not on the wire.
  for (const label of definition.labels) labels[label] = (given[label] ?? "").toWellFormed();
  return labels;
}

function byLabelValues(a: Series, b: Series): number {
  for (const label of Object.keys(a.labels)) {
    const left = a.labels[label] ?? "";
    const right = b.labels[label] ?? "";
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
