import { StepError } from "../model/outcome.ts";

/** One subvolume or snapshot in the output of `btrfs subvolume list`. */
export interface ListedSubvolume {
  readonly id: number;
  readonly uuid: string;
  /** What it is a snapshot of; null: of nothing. */
  readonly parentUuid: string | null;
  /** What it was on the sending side, when it came by `btrfs receive`. */
  readonly receivedUuid: string | null;
  /** Seconds since the epoch; null: this kind of list does not tell. */
  readonly createdAt: number | null;
  /** From the top level of the filesystem, without a slash in front. */
  readonly path: string;
}

/** `list -uqR`: every subvolume, without times. */
export const listColumns = "-uqR";
/** `list -suqR`: only those that have a parent, with times. */
export const snapshotColumns = "-suqR";

const uuids = "parent_uuid (\\S+) +received_uuid (\\S+) +uuid ([0-9a-f-]{36}) path ";
const subvolumeRecord = new RegExp(`^ID (\\d+) gen \\d+ top level \\d+()() ${uuids}`);
const snapshotRecord = new RegExp(
  `^ID (\\d+) gen \\d+ cgen \\d+ top level \\d+ otime (-|\\d{4}-\\d\\d-\\d\\d)(?: (\\d\\d:\\d\\d:\\d\\d))? ${uuids}`,
);

/** Output of `btrfs subvolume list -uqR`, also with `-r` or `-o`. */
export function parseSubvolumeList(text: string): readonly ListedSubvolume[] {
  return parseList(text, subvolumeRecord);
}

/** Output of `btrfs subvolume list -suqR`, made with TZ=UTC: the tool writes local time without its offset. */
export function parseSnapshotList(text: string): readonly ListedSubvolume[] {
  return parseList(text, snapshotRecord);
}

/**
 * The path comes last in a line and may hold anything but NUL: a line that does not look like a record continues the path before it.
 * A name can be made to look like a record; see `timesFrom`.
 */
function parseList(text: string, record: RegExp): readonly ListedSubvolume[] {
  const listed: ListedSubvolume[] = [];
  // The last newline ends the last record; one before it belongs to a name.
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  for (const line of lines) {
    const match = record.exec(line);
    if (match) {
      const [head, id, date, time, parentUuid, receivedUuid, uuid = ""] = match;
      listed.push({
        id: Number(id),
        uuid,
        parentUuid: orNull(parentUuid),
        receivedUuid: orNull(receivedUuid),
        createdAt: time ? Date.parse(`${date}T${time}Z`) / 1000 : null,
        path: line.slice(head.length),
      });
      continue;
    }
    const previous = listed.pop();
    if (previous) listed.push({ ...previous, path: `${previous.path}\n${line}` });
  }
  return listed;
}

function orNull(uuid: string | undefined): string | null {
  return uuid === undefined || uuid === "-" ? null : uuid;
}

/**
 * Joins a list of all with a list of snapshots: what both show under the same id, uuid and path exists and has a time. What has come or
 * gone between the two looks, or has no parent, keeps `createdAt: null` and has to be asked for one by one.
 *
 * A hostile name can hold a newline and text that looks like a record. The lists have different columns, so no text is a record in both: the
 * name itself is cut at different places in the two, and that gives it away.
 * @throws StepError `verification` when the two show different paths for one id
 */
export function timesFrom(
  all: readonly ListedSubvolume[],
  snapshots: readonly ListedSubvolume[],
): readonly ListedSubvolume[] {
  const timed = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  return all.map((listed) => {
    const snapshot = timed.get(listed.id);
    if (snapshot && snapshot.path !== listed.path) throw disagreement(listed, snapshot);
    return snapshot?.uuid === listed.uuid ? snapshot : listed;
  });
}

function disagreement(listed: ListedSubvolume, snapshot: ListedSubvolume): StepError {
  const names = `${JSON.stringify(listed.path)} and ${JSON.stringify(snapshot.path)}`;
  return new StepError("verification", `btrfs lists subvolume ${listed.id} as ${names}: the list cannot be trusted`, {
    advice: "it was renamed meanwhile, or a name imitates the list: rename what has a newline in its name",
  });
}
