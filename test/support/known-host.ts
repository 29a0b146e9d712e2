import type { MetricDefinition } from "../../src/model/metrics/definition.ts";
import { metricNames, metrics } from "../../src/model/metrics.ts";
import type { Sample } from "../../src/model/samples/sample.ts";
import { sampleOf } from "../outputs/state.ts";

/**
 * A state of a host that has everything that there is, and knows all of it: each metric with every value of its closed labels.
 * @param now seconds since the epoch
 * @param counted what every counter has come to
 */
export function knownSamples(now: number, counted: number): readonly Sample[] {
  return metricNames.flatMap((name) => {
    const { labels, values, unit, type }: MetricDefinition = metrics[name];
    const held = labels.map((label) => values[label] ?? [`${label}-1`]);
    return combinations(held).map((combination) => {
      const named = Object.fromEntries(labels.map((label, index) => [label, combination[index] ?? ""]));
      return sampleOf(name, named, type === "counter" ? { value: counted } : numberOf(unit, now));
    });
  });
}

function numberOf(unit: MetricDefinition["unit"], now: number): { value: number } | { since: number } {
  if (unit === "seconds") return { since: now - 7200 };
  if (unit === "timestamp") return { value: now - 7200 };
  return { value: unit === "bytes" ? 1e9 : unit === "ratio" ? 0.5 : 1 };
}

function combinations(values: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return values.reduce<readonly (readonly string[])[]>(
    (found, next) => found.flatMap((before) => next.map((value) => [...before, value])),
    [[]],
  );
}
