import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";

/** Everything here is readable without privileges. */
const sysfs = "/sys/fs/btrfs";

export const allocationTypes = ["data", "metadata", "system", "mixed"] as const;
export type AllocationType = (typeof allocationTypes)[number];

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

export type DeviceErrors = Readonly<Record<"write" | "read" | "flush" | "corruption" | "generation", number>>;

/** UUID of the mounted Btrfs that has a device, or null. @param source as the mount table names it: `/dev/mapper/root` */
export function filesystemOf(source: string, root = sysfs): string | null {
  const device = basename(resolved(source));
  for (const uuid of entries(root)) {
    if (entries(join(root, uuid, "devices")).includes(device)) return uuid;
  }
  return null;
}

export function readAllocation(uuid: string, root = sysfs): readonly Allocation[] {
  const base = join(root, uuid, "allocation");
  const present = entries(base);
  return allocationTypes
    .filter((type) => present.includes(type))
    .map((type) => {
      const number = (name: string) => Number(readFileSync(join(base, type, name), "ascii"));
      return {
        type,
        totalBytes: number("total_bytes"),
        usedBytes: number("bytes_used"),
        diskTotalBytes: number("disk_total"),
        diskUsedBytes: number("disk_used"),
        profiles: entries(join(base, type)).filter((name) => profiles.includes(name)),
      };
    });
}

/** In the kernel's order (fs/btrfs/volumes.h, enum btrfs_raid_types), which `copiesCounted` relies on. */
const profiles = ["raid10", "raid1", "dup", "raid0", "single", "raid5", "raid6", "raid1c3", "raid1c4"];
const copies: Readonly<Record<string, number>> = { raid10: 2, raid1: 2, dup: 2, raid1c3: 3, raid1c4: 4 };

/**
 * Size, use and what is left, in bytes of the devices. The size comes from statfs(2), which divides the filesystem's own size by the copies of
 * its data profile: unlike the sizes of the block devices it is right after `btrfs filesystem resize` as well.
 * @param statfsBytes blocks × block size
 */
export function capacityOf(allocations: readonly Allocation[], statfsBytes: number): BtrfsCapacity {
  const sum = (bytes: (allocation: Allocation) => number) =>
    allocations.reduce((total, each) => total + bytes(each), 0);
  const sizeBytes = statfsBytes * copiesCounted(allocations);
  return {
    sizeBytes,
    usedBytes: sum((each) => each.diskUsedBytes),
    unallocatedBytes: Math.max(0, sizeBytes - sum((each) => each.diskTotalBytes)),
  };
}

/** As btrfs_statfs() does it (kernel 6.18): the last profile in its order that the data chunks have. */
function copiesCounted(allocations: readonly Allocation[]): number {
  const data = allocations.find(({ type }) => type === "data" || type === "mixed")?.profiles ?? [];
  const last = profiles.findLast((profile) => data.includes(profile));
  return (last === undefined ? undefined : copies[last]) ?? 1;
}

/** Since the filesystem was made or `btrfs device stats --reset`, over all its devices. */
export function readDeviceErrors(uuid: string, root = sysfs): DeviceErrors {
  const total = { write: 0, read: 0, flush: 0, corruption: 0, generation: 0 };
  const base = join(root, uuid, "devinfo");
  for (const device of entries(base)) {
    const text = readFileSync(join(base, device, "error_stats"), "ascii");
    for (const kind of Object.keys(total) as (keyof typeof total)[]) {
      total[kind] += Number(new RegExp(`^${kind}_errs (\\d+)$`, "m").exec(text)?.[1] ?? 0);
    }
  }
  return total;
}

/** Other exclusive operations (device add, resize, …) are not a balance. */
export function readBalance(uuid: string, root = sysfs): "none" | "running" | "paused" {
  const operation = readFileSync(join(root, uuid, "exclusive_operation"), "ascii").trim();
  if (operation === "balance") return "running";
  return operation === "balance paused" ? "paused" : "none";
}

function entries(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENOTDIR")
      return [];
    throw error;
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
