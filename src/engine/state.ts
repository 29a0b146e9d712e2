import type { AnyCollector } from "../collectors/collector.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { withinBounds } from "../model/samples/bound.ts";
import type { Observation, Sample, StateSnapshot } from "../model/samples/sample.ts";
import { isEnabled, patienceWith } from "./collect.ts";
import { oneReading } from "./reading.ts";
import { countersAtZero, declarationOf } from "./series-scope.ts";

/**
 * Everything that is known now, from the ledger alone: what collectors saw, what live collectors derive, counters, and how the
 * collectors themselves fare. Costs a few reads of the ledger; no process, no network.
 * @param now seconds since the epoch
 */
export function readState(
  config: Config,
  ledger: Ledger,
  collectors: readonly AnyCollector[],
  now: number,
): StateSnapshot {
  const enabled = collectors.filter((collector) => isEnabled(collector, config));
  const names = new Set(enabled.map((collector) => collector.name));
  const reading = oneReading(ledger);
  const observations = reading.observations().filter((observation) => names.has(observation.collector));
  const lateAfter = new Map(
    enabled.flatMap((each) => ("live" in each ? [] : [[each.name, patienceWith(each, config)]])),
  );
  // What has been counted comes after: the last sample of a series holds.
  const samples: Sample[] = [...countersAtZero(config), ...ledger.totals()];
  const errors: { collector: string; message: string }[] = [];
  for (const observation of observations) {
    samples.push(...observation.samples, ...aboutCollector(observation, lateAfter.get(observation.collector)));
    if (observation.error !== null) errors.push({ collector: observation.collector, message: observation.error });
  }
  for (const collector of enabled) {
    if ("live" in collector) samples.push(...collector.collect({ config, ledger: reading, now }));
  }
  const { kept, leftOut } = withinBounds(samples.filter(declarationOf(config)));
  const whole: Sample = { metric: "seriesLeftOut", labels: {}, value: leftOut };
  return { at: now, host: config.host, samples: [...kept, whole], errors };
}

/** @param lateAfter seconds after a look by which the next one must have begun and ended */
function aboutCollector(observation: Observation, lateAfter: number | undefined): Sample[] {
  const labels = { collector: observation.collector };
  const samples: Sample[] = [
    { metric: "collectorSuccess", labels, value: observation.error === null ? 1 : 0 },
    { metric: "collectorDuration", labels, value: observation.durationSeconds },
  ];
  if (lateAfter !== undefined) {
    samples.push({ metric: "collectorOverdue", labels, since: observation.attemptedAt + lateAfter });
  }
  if (observation.succeededAt !== null) {
    samples.push({ metric: "collectorLastSuccess", labels, value: observation.succeededAt });
  }
  return samples;
}
