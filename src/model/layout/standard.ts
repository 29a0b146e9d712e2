import { type LayoutPool, type LayoutSubvolume, subvolume } from "./profile.ts";

/**
 * The subvolumes that several profiles share. Where the specification of the layouts contradicts itself, the choice and its reason are a
 * `note`; docs/decisions/0015 has them all.
 */

const cannotBeCompressed =
  "the zstd:1 that is asked for besides has no effect: Btrfs compresses nothing that is not copied on write";

export const root = subvolume({
  name: "@",
  mountPoint: "/",
  compression: "zstd:3",
  reason: "the general files of a system compress well",
});

export const home = subvolume({
  name: "@home",
  mountPoint: "/home",
  compression: "zstd:3",
  reason: "people's files compress well, and their snapshots are what one goes back to",
});

export const nix = subvolume({
  name: "@nix",
  mountPoint: "/nix",
  copyOnWrite: false,
  compression: "none",
  reason: "the Nix store with its hard links and atomic updates shall not be copied on write",
  note: `${cannotBeCompressed}; Btrfs itself needs this for neither hard links nor atomic updates`,
});

export const containers = subvolume({
  name: "@containers",
  mountPoint: "/var/lib/containers",
  copyOnWrite: false,
  compression: "none",
  reason: "containers write much, copying on write costs them dearly, and images are compressed already",
});

export const log = subvolume({
  name: "@log",
  mountPoint: "/var/log",
  compression: "zstd:3",
  reason: "logs compress five- to tenfold, and snapshots of them help to find what happened",
});

const database = {
  copyOnWrite: false,
  compression: "none",
  // A snapshot of a database is usable only when it is one moment of all its files.
  whole: true,
} as const;

export const postgresql = subvolume({
  ...database,
  name: "@postgresql",
  mountPoint: "/var/lib/postgresql",
  reason:
    "a database that rewrites its pages in place fragments, and slows down at each fsync, when they are copied on write",
});

export const redis = subvolume({
  ...database,
  name: "@redis",
  mountPoint: "/var/lib/redis",
  reason: "what it appends and rewrites shall stay in place, as for any database",
});

export const temporary = subvolume({
  name: "@tmp",
  mountPoint: "/tmp",
  copyOnWrite: false,
  compression: "none",
  reason: "speed before space, for what is not kept",
});

export const userCache = subvolume({
  name: "@user-cache",
  compression: "zstd:1",
  reason: "caches are rewritten often: compressed lightly at most",
});

export const backups = subvolume({ name: "@backups", reason: "local backups are kept apart from what they are of" });

/** Of every Btrfs of the layouts; `discard=async` is wished for, the space cache demanded. */
export const everywhere = ["space_cache=v2", "discard=async"];

export const nvmePool: LayoutPool = {
  name: "primary",
  device: "/dev/nvme0n1",
  options: ["compress=zstd:3", ...everywhere, "ssd", "autodefrag"],
  reason:
    "an NVMe disk: trimmed in the background, with the allocator for solid state and defragmentation as files are written",
};

/** Wherever it can be used, under the condition that it is. */
export function whereUsed(list: readonly LayoutSubvolume[]): LayoutSubvolume[] {
  return list.map((each) => ({ ...each, presence: "where used" }));
}
