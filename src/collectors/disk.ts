import { toStepError } from "../model/outcome.ts";
import type { Sample } from "../model/sample.ts";
import {
  type AllocationType,
  capacityOf,
  filesystemOf,
  readAllocation,
  readBalance,
  readDeviceErrors,
} from "../tools/btrfs-sysfs.ts";
import { locateNearest, type Place, usageOf } from "../tools/filesystem.ts";
import { type CollectorContext, defineCollector } from "./collector.ts";

const balanceStatus = { none: 0, running: 1, paused: 2 } as const;

export const disk = defineCollector({
  name: "disk",
  summary: "Room and health of each filesystem that holds subvolumes, local copies or the state of pantheros.",
  every: 60,
  timeout: 30,
  async collect({ config }) {
    const places = new Map<string, Place>();
    const samples: Sample[] = [];
    const problems: string[] = [];
    for (const path of pathsOf(config)) {
      try {
        const { place } = await locateNearest(path);
        if (!places.has(place.mount.device)) places.set(place.mount.device, place);
      } catch (error) {
        problems.push(`${path}: ${toStepError(error).message}`);
      }
    }
    for (const place of places.values()) {
      try {
        samples.push(...(await lookAt(place)));
      } catch (error) {
        problems.push(`${place.mount.mountPoint}: ${toStepError(error).message}`);
      }
    }
    return { samples, problems };
  },
});

function pathsOf({ subvolumes, destinations, repositories, state_directory }: CollectorContext["config"]): string[] {
  return [
    ...Object.values(subvolumes).map(({ path }) => path),
    ...Object.values(destinations).flatMap((destination) => (destination.type === "local" ? [destination.path] : [])),
    // Everything else of restic's has a scheme in front: s3:…, rest:…, sftp:…
    ...Object.values(repositories).map(({ repository }) => repository.replace(/^local:/, "")),
    state_directory,
  ].filter((path) => path.startsWith("/"));
}

async function lookAt({ mount, path }: Place): Promise<Sample[]> {
  // tmpfs, overlay and their like have no device of their own: the mount point tells them apart.
  const device = mount.source.startsWith("/") ? mount.source : mount.mountPoint;
  const { sizeBytes, usedBytes, availableBytes } = await usageOf(path);
  const uuid = mount.type === "btrfs" ? filesystemOf(mount.source) : null;
  if (uuid !== null) return btrfsSamples(uuid, device, sizeBytes);
  if (sizeBytes === 0) return [];
  return [
    // As df counts it: what is reserved for root is neither in use nor free.
    { metric: "diskUsage", labels: { device }, value: usedBytes / (usedBytes + availableBytes) },
    { metric: "diskSize", labels: { device }, value: sizeBytes },
  ];
}

function btrfsSamples(uuid: string, device: string, statfsBytes: number): Sample[] {
  const allocations = readAllocation(uuid);
  const { sizeBytes, usedBytes, unallocatedBytes } = capacityOf(allocations, statfsBytes);
  const used = ({
    type,
    totalBytes,
    usedBytes,
  }: {
    type: AllocationType;
    totalBytes: number;
    usedBytes: number;
  }): Sample[] =>
    totalBytes === 0 ? [] : [{ metric: "btrfsAllocation", labels: { device, type }, value: usedBytes / totalBytes }];
  return [
    { metric: "diskUsage", labels: { device }, value: usedBytes / sizeBytes },
    { metric: "diskSize", labels: { device }, value: sizeBytes },
    { metric: "diskUnallocated", labels: { device }, value: unallocatedBytes },
    ...allocations.flatMap(used),
    { metric: "btrfsBalance", labels: { device }, value: balanceStatus[readBalance(uuid)] },
    ...Object.entries(readDeviceErrors(uuid)).map(
      ([kind, value]): Sample => ({ metric: "btrfsDeviceErrors", labels: { device, kind }, value }),
    ),
  ];
}
