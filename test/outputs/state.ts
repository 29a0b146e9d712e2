import type { MetricDefinition } from "../../src/model/metrics/definition.ts";
import { metricNames, metrics } from "../../src/model/metrics.ts";
import type { Sample, StateSnapshot } from "../../src/model/samples/sample.ts";

/** Saturday 2026-11-21 09:00 UTC, seconds since the epoch. */
export const moment = 1_795_251_600;

/** What a name may hold, for the labels of the second series of each metric. */
const awkward = 'a "b"\\c\nd,e:f|g#h ü😀';

/** A sample whose metric and labels are only known at run time. */
export function sampleOf(
  metric: string,
  labels: Readonly<Record<string, string>>,
  number: { readonly value: number } | { readonly since: number },
): Sample {
  return { metric, labels, ...number } as unknown as Sample;
}

/** A state that uses every metric of the catalogue: once with plain labels, once with awkward ones where it has labels. */
export function everyMetric(): StateSnapshot {
  const samples = metricNames.flatMap((name, index) => {
    const { labels, unit }: MetricDefinition = metrics[name];
    const number = numberOf(unit, index);
    const plain = sampleOf(name, Object.fromEntries(labels.map((label) => [label, `${label}-1`])), number);
    if (labels.length === 0) return [plain];
    return [sampleOf(name, Object.fromEntries(labels.map((label) => [label, awkward])), number), plain];
  });
  return { at: moment, host: "atlas", samples, errors: [{ collector: "restic", message: "wrong password" }] };
}

/** Seconds are given as the moment they count from, the way ages are stored. */
function numberOf(unit: MetricDefinition["unit"], index: number): { value: number } | { since: number } {
  if (unit === "seconds") return { since: moment - 3600 * (index + 1) - 0.25 };
  if (unit === "timestamp") return { value: moment - 60 * index };
  if (unit === "ratio") return { value: index / 128 };
  if (unit === "bytes") return { value: 1_234_567_890_123 + index };
  if (unit === "usd") return { value: 6.95 };
  return { value: unit === "boolean" ? 1 : index };
}
