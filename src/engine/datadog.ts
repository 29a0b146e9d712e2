import type { Config } from "../config/schema.ts";
import { createDogStatsD, type DogStatsD } from "../outputs/dogstatsd.ts";

/** A sender to the configured DogStatsD address. Loaded only where something is sent. */
export function openDogStatsD(config: Config, onDrop: (reason: string) => void): DogStatsD {
  const settings = config.outputs.dogstatsd;
  if (!settings) throw new Error("outputs.dogstatsd is not configured");
  let told = false;
  return createDogStatsD({
    address: settings.address,
    hostTag: settings.host_tag ? config.host : null,
    state: settings.state,
    onDrop: (reason) => {
      // Once: a missing Agent drops every packet for the same reason.
      if (!told) onDrop(reason);
      told = true;
    },
  });
}
