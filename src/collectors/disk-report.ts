import type { Config } from "../config/schema.ts";
import type { BtrfsHealth, Scrub } from "../model/btrfs/health.ts";
import { notesOf, type Trouble, troublesOf } from "../model/btrfs/troubles.ts";
import { toStepError } from "../model/run/outcome.ts";
import { lookAtHealth } from "../tools/btrfs/health.ts";
import type { Execute } from "../tools/exec.ts";
import { shareUsed, usageOf } from "../tools/files/filesystem.ts";
import { firstSeen, lookAtLastScrub } from "./btrfs-scrub.ts";
import { type Filesystem, filesystemsOf } from "./filesystems.ts";

/** One filesystem as it is now, for a person. */
export interface DiskReport {
  readonly mountPoint: string;
  /** `btrfs`, `ext4`, … */
  readonly type: string;
  readonly device: string;
  /** Null: unknown. */
  readonly sizeBytes: number | null;
  readonly usedBytes: number | null;
  /** 0 to 1, as the metric has it. */
  readonly usage: number | null;
  /** Null: it is no Btrfs. */
  readonly health: BtrfsHealth | null;
  /** Null: unknown, or it is no Btrfs. */
  readonly scrub: Scrub | null;
  readonly troubles: readonly Trouble[];
  /** What is not wrong yet. */
  readonly notes: readonly Trouble[];
  /** What could not be seen, and why. */
  readonly unknown: readonly string[];
}

interface Services {
  readonly execute: Execute;
  /** Seconds since the epoch. */
  readonly now: number;
  /** What the collector of scrubs remembers. */
  readonly recall: (key: string) => unknown;
}

/** Looks at every filesystem that the configuration has something on, at once and not from the ledger. */
export async function reportDisks(
  config: Config,
  services: Services,
): Promise<{ readonly disks: readonly DiskReport[]; readonly problems: readonly string[] }> {
  const { filesystems, problems } = await filesystemsOf(config);
  return { disks: await Promise.all(filesystems.map((each) => reportOf(each, services))), problems };
}

async function reportOf({ device, place, btrfs }: Filesystem, services: Services): Promise<DiskReport> {
  const { mountPoint, type } = place.mount;
  const unknown: string[] = [];
  const known = async <T>(what: string, look: () => Promise<T>): Promise<T | null> => {
    try {
      return await look();
    } catch (error) {
      unknown.push(`${what}: ${toStepError(error).message}`);
      return null;
    }
  };
  if (btrfs === null) {
    const room = await known("usage", () => usageOf(place.path));
    const { sizeBytes = null, usedBytes = null } = room ?? {};
    const usage = room && shareUsed(room);
    // Where /sys is not the machine's, as in many containers, Btrfs says nothing of its health: that is not well.
    if (type === "btrfs")
      unknown.push(
        "health: this system does not show /sys/fs/btrfs, so nothing is known of errors, metadata and scrubs",
      );
    const none = { health: null, scrub: null, troubles: [], notes: [] };
    return { mountPoint, type, device, sizeBytes, usedBytes, usage, ...none, unknown };
  }
  const health = await lookAtHealth(btrfs, services);
  const scrub = await known("scrub", () => lookAtLastScrub(btrfs, services));
  const seenAt = firstSeen(btrfs, services.recall);
  const { sizeBytes, usedBytes } = health;
  return {
    mountPoint,
    type,
    device,
    sizeBytes,
    usedBytes,
    usage: sizeBytes === null || usedBytes === null ? null : usedBytes / sizeBytes,
    health,
    scrub,
    troubles: troublesOf(health, scrub, services.now, seenAt),
    notes: notesOf(scrub, mountPoint, services.now, seenAt),
    unknown: [...health.unknown, ...unknown],
  };
}
