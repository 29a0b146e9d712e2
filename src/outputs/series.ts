import type { MetricDefinition } from "../model/metrics/definition.ts";
import { type MetricName, metricNames, metrics } from "../model/metrics.ts";
import { type Sample, type StateSnapshot, valueAt } from "../model/samples/sample.ts";

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
  const byIdentity = new Map<string, Sorted>();
  for (const sample of samples) {
    const value = valueAt(sample, now);
    if (!Number.isFinite(value)) continue;
    const given: Readonly<Record<string, string | undefined>> = sample.labels;
    // Half a surrogate pair has no UTF-8: it becomes U+FFFD here, before identities are compared, not on the wire.
    const labels: Record<string, string> = { host: host.toWellFormed() };
    const values: string[] = [];
    let identity = "";
    for (const label of definition.labels) {
      const own = (given[label] ?? "").toWellFormed();
      labels[label] = own;
      values.push(own);
      identity += `${own.length}:${own}`;
    }
    byIdentity.set(identity, { values, series: { labels, value } });
  }
  return [...byIdentity.values()].sort(byLabelValues).map(({ series }) => series);
}

/** A series and the values of its own labels: of some thousand series it shows how they are compared. */
interface Sorted {
  readonly values: readonly string[];
  readonly series: Series;
}

function byLabelValues({ values: a }: Sorted, { values: b }: Sorted): number {
  for (let index = 0; index < a.length; index += 1) {
    const [left, right] = [a[index] ?? "", b[index] ?? ""];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
