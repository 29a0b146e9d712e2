import { toStepError } from "../model/run/outcome.ts";
import type { Sample } from "../model/samples/sample.ts";
import { allocatedTypes, capacityOf, readAllocation } from "../tools/btrfs/sysfs.ts";
import { shareUsed, usageOf } from "../tools/files/filesystem.ts";
import { defineCollector } from "./collector.ts";
import { type Filesystem, filesystemsOf } from "./filesystems.ts";

export const disk = defineCollector({
  name: "disk",
  summary: "Room on each filesystem that holds subvolumes, local copies or the state of pantheros.",
  every: 60,
  timeout: 30,
  async collect({ config }) {
    const { filesystems, problems } = await filesystemsOf(config);
    const samples: Sample[] = [];
    for (const filesystem of filesystems) {
      try {
        samples.push(...(await roomOf(filesystem)));
      } catch (error) {
        problems.push(`${filesystem.place.mount.mountPoint}: ${toStepError(error).message}`);
      }
    }
    return { samples, problems };
  },
});

async function roomOf({ device, place, btrfs }: Filesystem): Promise<Sample[]> {
  const room = await usageOf(place.path);
  const samplesOf = (size: number, usage: number): Sample[] => [
    { metric: "diskUsage", labels: { device }, value: usage },
    { metric: "diskSize", labels: { device }, value: size },
  ];
  if (btrfs === null) {
    const usage = shareUsed(room);
    return room.sizeBytes === 0 || usage === null ? [] : samplesOf(room.sizeBytes, usage);
  }
  const { uuid } = btrfs;
  const allocations = allocatedTypes(uuid).map((type) => readAllocation(uuid, type));
  const { sizeBytes, usedBytes } = capacityOf(allocations, room.sizeBytes);
  return samplesOf(sizeBytes, usedBytes / sizeBytes);
}
