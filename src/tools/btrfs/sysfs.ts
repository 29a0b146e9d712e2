import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type AllocationType,
  allocationTypes,
  type ExclusiveOperation,
  exclusiveOperations,
} from "../../model/btrfs/health.ts";
import { StepError } from "../../model/run/outcome.ts";
import { isMissing } from "../files/filesystem.ts";
import { countOf } from "./count.ts";
import { doubtful } from "./doubt.ts";

/** Everything here is readable without privileges. Another root is for tests. */
export const sysfs = "/sys/fs/btrfs";

/** The chunks of one type. */
export interface Allocation {
  readonly type: AllocationType;
  /** What can be stored in them. */
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** What they take up on the devices, copies and parity included. */
  readonly diskTotalBytes: number;
  readonly diskUsedBytes: number;
  /** `single`, `dup`, `raid1`, …; more than one while a conversion is under way. */
  readonly profiles: readonly string[];
}

export interface BtrfsCapacity {
  readonly sizeBytes: number;
  readonly usedBytes: number;
  /** No chunk holds it yet. */
  readonly unallocatedBytes: number;
}

/** UUID of the mounted Btrfs that has a device, or null. @param source as the mount table names it: `/dev/mapper/root` */
export function filesystemOf(source: string, root = sysfs): string | null {
  const device = basename(resolved(source));
  for (const uuid of entries(root)) {
    const devices = join(root, uuid, "devices");
    // In a sandbox without /dev a name of device-mapper is a link that cannot be followed: the device tells its own.
    if (entries(devices).some((name) => name === device || mappedName(join(devices, name)) === device)) return uuid;
  }
  return null;
}

/** Types that the filesystem has chunks of. @throws StepError `source` where it is not mounted any more */
export function allocatedTypes(uuid: string, root = sysfs): readonly AllocationType[] {
  const present = entries(join(root, uuid, "allocation"));
  if (present.length === 0) throw vanished(join(root, uuid, "allocation"));
  return allocationTypes.filter((type) => present.includes(type));
}

/** @throws StepError `source` when a file is gone, `verification` when it holds no possible number */
export function readAllocation(uuid: string, type: AllocationType, root = sysfs): Allocation {
  const base = join(root, uuid, "allocation", type);
  const number = (name: string) => countOf(readValue(join(base, name)), `${type}/${name}`);
  // What is used is read first: chunks that come meanwhile make it no larger than the total.
  const [usedBytes, diskUsedBytes] = [number("bytes_used"), number("disk_used")];
  const allocation = {
    type,
    usedBytes,
    diskUsedBytes,
    totalBytes: number("total_bytes"),
    diskTotalBytes: number("disk_total"),
  };
  if (usedBytes > allocation.totalBytes || diskUsedBytes > allocation.diskTotalBytes) {
    throw doubtful(`more ${type} is used (${usedBytes} bytes) than allocated (${allocation.totalBytes})`, "kernel");
  }
  return { ...allocation, profiles: entries(base).filter((name) => profiles.includes(name)) };
}

/** What Btrfs holds back of metadata for its own rescue, bytes. */
export function readReserve(uuid: string, root = sysfs): number {
  return countOf(readValue(join(root, uuid, "allocation", "global_rsv_size")), "global_rsv_size");
}

/** In the kernel's order (fs/btrfs/volumes.h, enum btrfs_raid_types), which `copiesCounted` relies on. */
const profiles = ["raid10", "raid1", "dup", "raid0", "single", "raid5", "raid6", "raid1c3", "raid1c4"];
const copies: Readonly<Record<string, number>> = { raid10: 2, raid1: 2, dup: 2, raid1c3: 3, raid1c4: 4 };

/**
 * Size, use and what is left, in bytes of the devices. The size comes from statfs(2), which divides the filesystem's own size by the copies of
 * its data profile: unlike the sizes of the block devices it is right after `btrfs filesystem resize` as well.
 * @param allocations of every type @param statfsBytes blocks × block size
 * @throws StepError `verification` when they cannot be true together
 */
export function capacityOf(allocations: readonly Allocation[], statfsBytes: number): BtrfsCapacity {
  const sum = (bytes: (allocation: Allocation) => number) =>
    allocations.reduce((total, each) => total + bytes(each), 0);
  const sizeBytes = statfsBytes * copiesCounted(allocations);
  const usedBytes = sum((each) => each.diskUsedBytes);
  if (!(sizeBytes > 0) || usedBytes > sizeBytes) {
    throw doubtful(`${usedBytes} bytes of a filesystem of ${sizeBytes} bytes cannot be in use`, "kernel");
  }
  return {
    sizeBytes,
    usedBytes,
    unallocatedBytes: Math.max(0, sizeBytes - sum((each) => each.diskTotalBytes)),
  };
}

/** As btrfs_statfs() does it (kernel 6.18): the last profile in its order that the data chunks have. */
function copiesCounted(allocations: readonly Allocation[]): number {
  const data = allocations.find(({ type }) => type === "data" || type === "mixed")?.profiles ?? [];
  const last = profiles.findLast((profile) => data.includes(profile));
  return (last === undefined ? undefined : copies[last]) ?? 1;
}

/** What has the filesystem for itself now. @throws StepError `verification` for an operation that this version does not know */
export function readOperation(uuid: string, root = sysfs): ExclusiveOperation {
  const said = readValue(join(root, uuid, "exclusive_operation")).trim();
  const known = exclusiveOperations.find((operation) => operation === said);
  if (known !== undefined) return known;
  throw doubtful(`exclusive_operation is ${JSON.stringify(said.slice(0, 40))}, which is not known`, "kernel");
}

/** A file of sysfs. @throws StepError `source` when it is gone, or cannot be read */
export function readValue(path: string): string {
  try {
    return readFileSync(path, "ascii");
  } catch (cause) {
    if (isMissing(cause)) throw vanished(path, cause);
    throw new StepError("source", `${path} cannot be read: ${(cause as Error).message}`, {
      advice: "see that /sys is mounted, and that this user may read it",
      cause,
    });
  }
}

/** Names in a folder of sysfs; none where the folder is not there. */
export function entries(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function vanished(path: string, cause?: unknown): StepError {
  return new StepError("source", `${path} is not there`, {
    advice: "the filesystem was unmounted meanwhile, or this kernel does not have it",
    cause,
  });
}

function mappedName(device: string): string | null {
  try {
    return readFileSync(join(device, "dm", "name"), "utf8").trim();
  } catch {
    // It is no device of device-mapper.
    return null;
  }
}

/** `/dev/mapper/root` is a link to `/dev/dm-0`; in a sandbox without devices the name itself has to do. */
function resolved(source: string): string {
  try {
    return realpathSync(source);
  } catch {
    return source;
  }
}
