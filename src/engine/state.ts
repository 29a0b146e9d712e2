import type { AnyCollector } from "../collectors/collector.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Observation, Sample, StateSnapshot } from "../model/sample.ts";
import { isEnabled } from "./collect.ts";

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
  const observations = ledger.observations().filter((observation) => names.has(observation.collector));
  const samples: Sample[] = [...ledger.totals()];
  const errors: { collector: string; message: string }[] = [];
  for (const observation of observations) {
    samples.push(...observation.samples, ...aboutCollector(observation));
    if (observation.error !== null) errors.push({ collector: observation.collector, message: observation.error });
  }
  for (const collector of enabled) {
    if ("live" in collector) samples.push(...collector.collect({ config, ledger, now }));
  }
  return { at: now, host: config.host, samples: samples.filter((sample) => isDeclared(sample, config)), errors };
}

/** The ledger remembers jobs and subvolumes that are gone from the configuration; their series end with their declaration. */
function isDeclared({ labels }: Sample, { jobs, subvolumes }: Config): boolean {
  const { job, subvol } = labels as { readonly job?: string; readonly subvol?: string };
  return (job === undefined || Object.hasOwn(jobs, job)) && (subvol === undefined || Object.hasOwn(subvolumes, subvol));
}

function aboutCollector(observation: Observation): Sample[] {
  const labels = { collector: observation.collector };
  const samples: Sample[] = [
    { metric: "collectorSuccess", labels, value: observation.error === null ? 1 : 0 },
    { metric: "collectorDuration", labels, value: observation.durationSeconds },
  ];
  if (observation.succeededAt !== null) {
    samples.push({ metric: "collectorLastSuccess", labels, value: observation.succeededAt });
  }
  return samples;
}
