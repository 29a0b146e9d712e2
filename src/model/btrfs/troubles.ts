import { formatDuration } from "../quantity.ts";
import type { BtrfsDevice, BtrfsHealth, Scrub } from "./health.ts";

/** Something about a filesystem that a person should do something about. */
export interface Trouble {
  readonly found: string;
  /** The command that mends it, or shows more. */
  readonly mend: string;
}

/** From here on metadata is near its end: what is left is soon gone, and then even removing snapshots fails. */
export const highPressure = 0.9;
/** Share of the capacity from which on Btrfs has trouble to find room for new chunks. */
export const highUsage = 0.95;
/** Share of the room for data, that which no chunk holds yet included, from which on there is soon none for the next file. */
const highDataUsage = 0.95;
/** Seconds: a scrub a month is what the distributions' timers (btrfsmaintenance, NixOS) do; some days more for a host that was off. */
export const oldScrub = 35 * 86_400;

/**
 * What is wrong with a filesystem, the worst first; what is unknown is no trouble.
 * @param now seconds since the epoch
 * @param firstSeenAt since when it is known here, seconds since the epoch; null: unknown, so that it may be new
 */
export function troublesOf(
  health: BtrfsHealth,
  scrub: Scrub | null,
  now: number,
  firstSeenAt: number | null = null,
): readonly Trouble[] {
  const { mountPoint } = health;
  return [
    ...(health.isReadOnly
      ? [{ found: "is read-only: nothing can be written", mend: "dmesg | grep -i btrfs shows why" }]
      : []),
    ...(health.devices ?? []).flatMap((device) => ofDevice(device, mountPoint)),
    ...ofRoom(health),
    ...(scrub === null ? [] : ofScrub(scrub, mountPoint, now, firstSeenAt)),
    ...(health.operation === "balance paused"
      ? [{ found: "a balance is paused", mend: `btrfs balance resume ${mountPoint}` }]
      : []),
  ];
}

function ofDevice({ devid, path, isMissing, errors }: BtrfsDevice, mountPoint: string): Trouble[] {
  const name = path === null ? `device ${devid}` : `device ${devid} (${path})`;
  const counted = Object.entries(errors).filter(([, count]) => count > 0);
  const missing = {
    found: `${name} is missing: the copies on it are gone`,
    mend: `btrfs replace start ${devid} /dev/NEW ${mountPoint}`,
  };
  const faulty = {
    found: `${name} has errors: ${counted.map(([kind, count]) => `${count} ${kind}`).join(", ")}`,
    mend: `btrfs scrub start ${mountPoint}; when the cause is mended: btrfs device stats --reset ${mountPoint}`,
  };
  return [...(isMissing ? [missing] : []), ...(counted.length > 0 ? [faulty] : [])];
}

function ofRoom(health: BtrfsHealth): Trouble[] {
  const { metadataPressure, usedBytes, sizeBytes, mountPoint } = health;
  const percent = (share: number) => `${Math.floor(share * 100)} %`;
  if (metadataPressure !== null && metadataPressure >= highPressure) {
    return [
      {
        found: `metadata is ${percent(metadataPressure)} full and has nowhere to grow`,
        mend: `remove snapshots, then btrfs balance start -dusage=20 ${mountPoint}`,
      },
    ];
  }
  const usage = usedBytes === null || sizeBytes === null ? 0 : usedBytes / sizeBytes;
  const mend = "remove snapshots or files";
  if (usage >= highUsage) return [{ found: `is ${percent(usage)} full`, mend }];
  const data = dataUsage(health);
  if (data === null || data < highDataUsage) return [];
  const instead = `${mend}; room that metadata holds and does not use: btrfs balance start -musage=20 ${mountPoint}`;
  return [{ found: `data is ${percent(data)} full and has nowhere to grow`, mend: instead }];
}

/**
 * What data uses as a share of all that could become data. Of what no chunk holds yet as much counts as if one copy were made, so that it is rather
 * too low. Null: unknown, or data and metadata share their chunks.
 */
function dataUsage({ allocations, unallocatedBytes }: BtrfsHealth): number | null {
  const data = allocations.find(({ type }) => type === "data");
  if (data === undefined || unallocatedBytes === null) return null;
  const most = data.totalBytes + unallocatedBytes;
  return most > 0 ? data.usedBytes / most : null;
}

/** What is not wrong yet, and will be when nobody does anything. */
export function notesOf(scrub: Scrub | null, mountPoint: string, now: number, firstSeenAt: number | null): Trouble[] {
  return scrub?.state === "never" && !isOld(firstSeenAt, now)
    ? [{ found: "has never been scrubbed", mend: scrubCommand(mountPoint) }]
    : [];
}

const isOld = (since: number | null, now: number) => since !== null && now - since > oldScrub;
const scrubCommand = (mountPoint: string) => `btrfs scrub start ${mountPoint}`;

function ofScrub(
  { state, wholeSince, errors }: Scrub,
  mountPoint: string,
  now: number,
  firstSeenAt: number | null,
): Trouble[] {
  const troubles: Trouble[] = [];
  if (errors !== null && errors.uncorrectable > 0) {
    troubles.push({
      found: `the last scrub found ${errors.uncorrectable} errors that it could not mend`,
      mend: "dmesg | grep -i btrfs names the files: restore them from a backup",
    });
  }
  const start = scrubCommand(mountPoint);
  if (state === "running") return troubles;
  if (state === "canceled" || state === "interrupted") {
    troubles.push({ found: `the last scrub was ${state}`, mend: `btrfs scrub resume ${mountPoint}` });
  } else if (state === "never" && firstSeenAt !== null && isOld(firstSeenAt, now)) {
    const seen = `in the ${formatDuration(now - firstSeenAt)} that it has been watched`;
    troubles.push({ found: `has never been scrubbed ${seen}`, mend: start });
  } else if (wholeSince !== null && isOld(wholeSince, now)) {
    troubles.push({ found: `the last whole scrub was ${formatDuration(now - wholeSince)} ago`, mend: start });
  }
  return troubles;
}
