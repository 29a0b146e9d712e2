/** What is known of a Btrfs filesystem's health. Null is unknown, which is neither zero nor well. */
export interface BtrfsHealth {
  readonly uuid: string;
  /** As the mount table names it: the one device, or one of several. */
  readonly device: string;
  readonly mountPoint: string;
  /** The filesystem itself, not only this mount of it: also what Btrfs does after an error that it cannot survive. */
  readonly isReadOnly: boolean;
  readonly sizeBytes: number | null;
  readonly usedBytes: number | null;
  /** No chunk holds it yet. */
  readonly unallocatedBytes: number | null;
  /** Only those types whose numbers could be read. */
  readonly allocations: readonly {
    readonly type: AllocationType;
    readonly totalBytes: number;
    readonly usedBytes: number;
  }[];
  /** See `metadataPressure`. */
  readonly metadataPressure: number | null;
  readonly devices: readonly BtrfsDevice[] | null;
  readonly operation: ExclusiveOperation | null;
  /** What could not be seen and why: `metadata pressure: …`. */
  readonly unknown: readonly string[];
}

export interface BtrfsDevice {
  /** Btrfs's own number of it, which stays when the kernel renames the device. */
  readonly devid: string;
  /** Null: unknown, or missing. */
  readonly path: string | null;
  readonly isMissing: boolean | null;
  /** Since the filesystem was made or `btrfs device stats --reset`; a kind that could not be read is absent. */
  readonly errors: Readonly<Partial<Record<DeviceErrorKind, number>>>;
}

/** What chunks are made for. */
export const allocationTypes = ["data", "metadata", "system", "mixed"] as const;
export type AllocationType = (typeof allocationTypes)[number];

export const deviceErrorKinds = ["write", "read", "flush", "corruption", "generation"] as const;
export type DeviceErrorKind = (typeof deviceErrorKinds)[number];

/** All that the kernel tells of what has the filesystem for itself (6.18, fs/btrfs/sysfs.c, btrfs_exclusive_operation_show). A scrub is none. */
export const exclusiveOperations = [
  "none",
  "balance",
  "balance paused",
  "device add",
  "device remove",
  "device replace",
  "resize",
  "swap activate",
] as const;
export type ExclusiveOperation = (typeof exclusiveOperations)[number];

export const scrubStates = ["never", "running", "finished", "canceled", "interrupted"] as const;
export type ScrubState = (typeof scrubStates)[number];

export const scrubErrorKinds = ["corrected", "uncorrectable", "unverified", "super"] as const;
export type ScrubErrorKind = (typeof scrubErrorKinds)[number];

/** The last scrub of a filesystem. */
export interface Scrub {
  /** `never`: there is no record of one on this host. */
  readonly state: ScrubState;
  /** When the last scrub began that went through to its end on every device, seconds since the epoch; null: none is known. */
  readonly wholeSince: number | null;
  /** What the last one found, also when it did not go through; null: never, or not told yet. */
  readonly errors: Readonly<Record<ScrubErrorKind, number>> | null;
}

/** On how many different devices each piece of a chunk lies (kernel: btrfs_raid_array); parity: how many of a stripe's devices hold none of the data. */
const profiles: Readonly<Record<string, { readonly copies: number; readonly parity?: number }>> = {
  single: { copies: 1 },
  raid0: { copies: 1 },
  raid1: { copies: 2 },
  raid10: { copies: 2 },
  raid1c3: { copies: 3 },
  raid1c4: { copies: 4 },
  raid5: { copies: 1, parity: 1 },
  raid6: { copies: 1, parity: 2 },
};

/**
 * How much more chunks of a profile could hold. A mirror needs its copies on different devices: what is free on one device alone is no room
 * for it, however much it is.
 * @param unallocated bytes of each device that can be written
 */
export function roomFor(profile: string, unallocated: readonly number[]): number {
  const total = unallocated.reduce((sum, bytes) => sum + bytes, 0);
  if (profile === "dup") return total / 2;
  const { copies, parity } = profiles[profile] ?? { copies: 1 };
  if (parity !== undefined)
    return unallocated.length > parity ? (total * (unallocated.length - parity)) / unallocated.length : 0;
  return mirrored(
    copies,
    unallocated.toSorted((a, b) => b - a),
  );
}

/** @param devices largest first */
function mirrored(copies: number, devices: readonly number[]): number {
  const [largest, ...others] = devices;
  if (largest === undefined || devices.length < copies) return 0;
  const total = devices.reduce((sum, bytes) => sum + bytes, 0);
  // A device that is larger than what it would have to hold of every piece is never the one that runs out.
  return copies > 1 && largest > total / copies ? mirrored(copies - 1, others) : total / copies;
}

/**
 * How near a filesystem is to having no room for its own records, after which nothing can be written and little be removed: what metadata uses,
 * with what Btrfs holds back for its own rescue, as a share of all that could become metadata. 1: full.
 */
export function metadataPressure(metadata: {
  readonly usedBytes: number;
  /** The global reserve. */
  readonly reserveBytes: number;
  readonly totalBytes: number;
  /** `roomFor` its profile. */
  readonly roomBytes: number;
}): number | null {
  const most = metadata.totalBytes + metadata.roomBytes;
  return most > 0 ? Math.min(1, (metadata.usedBytes + metadata.reserveBytes) / most) : null;
}
