import { type BtrfsHealth, deviceErrorKinds, exclusiveOperations } from "../model/btrfs/health.ts";
import type { Sample } from "../model/samples/sample.ts";
import { lookAtHealth } from "../tools/btrfs/health.ts";
import { defineCollector } from "./collector.ts";
import { btrfsOf } from "./filesystems.ts";

export const btrfs = defineCollector({
  name: "btrfs",
  summary: "Health of each Btrfs in use: allocation, metadata pressure, devices and their errors, what runs on it.",
  every: 60,
  timeout: 30,
  async collect({ config, execute }) {
    const { found, problems } = await btrfsOf(config);
    const samples: Sample[] = [];
    for (const { device, btrfs } of found) {
      const health = await lookAtHealth(btrfs, { execute });
      samples.push(...samplesOf(device, health));
      problems.push(...health.unknown.map((why) => `${health.mountPoint}: ${why}`));
    }
    return { samples, problems };
  },
});

/** What is unknown is left out. */
export function samplesOf(device: string, health: BtrfsHealth): Sample[] {
  const labels = { device };
  const samples: Sample[] = [{ metric: "btrfsReadOnly", labels, value: health.isReadOnly ? 1 : 0 }];
  const gauge = (metric: "diskUnallocated" | "btrfsMetadataPressure", value: number | null) => {
    if (value !== null) samples.push({ metric, labels, value });
  };
  gauge("diskUnallocated", health.unallocatedBytes);
  gauge("btrfsMetadataPressure", health.metadataPressure);
  for (const { type, usedBytes, totalBytes } of health.allocations) {
    if (totalBytes > 0)
      samples.push({ metric: "btrfsAllocation", labels: { device, type }, value: usedBytes / totalBytes });
  }
  return [...samples, ...ofOperation(device, health), ...ofDevices(device, health)];
}

/** Other exclusive operations (device add, resize, …) are not a balance. */
const balanceStatus: Readonly<Record<string, number>> = { balance: 1, "balance paused": 2 };

function ofOperation(device: string, { operation }: BtrfsHealth): Sample[] {
  if (operation === null) return [];
  return [
    { metric: "btrfsBalance", labels: { device }, value: balanceStatus[operation] ?? 0 },
    ...exclusiveOperations.map(
      (each): Sample => ({
        metric: "btrfsExclusiveOperation",
        labels: { device, operation: each },
        value: each === operation ? 1 : 0,
      }),
    ),
  ];
}

function ofDevices(device: string, { devices }: BtrfsHealth): Sample[] {
  if (devices === null) return [];
  const samples: Sample[] = [{ metric: "btrfsDevices", labels: { device }, value: devices.length }];
  // One device of which this is unknown makes the count unknown.
  if (devices.every(({ isMissing }) => isMissing !== null)) {
    const missing = devices.filter(({ isMissing }) => isMissing).length;
    samples.push({ metric: "btrfsDevicesMissing", labels: { device }, value: missing });
  }
  for (const { devid, errors } of devices) {
    for (const kind of deviceErrorKinds) {
      const value = errors[kind];
      if (value !== undefined) samples.push({ metric: "btrfsDeviceErrors", labels: { device, devid, kind }, value });
    }
  }
  return samples;
}
