import { StepError } from "../../model/run/outcome.ts";

/** One subvolume or snapshot in the output of `btrfs subvolume list`. */
export interface ListedSubvolume {
  readonly id: number;
  /** The subvolume in which its directory entry is; 5: the top level. */
  readonly holderId: number;
  readonly uuid: string;
  /** What it is a snapshot of; null: of nothing. */
  readonly parentUuid: string | null;
  /** What it was on the sending side, when it came by `btrfs receive`. */
  readonly receivedUuid: string | null;
  /** Seconds since the epoch; null: this kind of list does not tell. */
  readonly createdAt: number | null;
  /** As it was printed; see `fromTopLevel`. */
  readonly path: string;
}

/** Every subvolume, without times. */
export const listColumns = "-puqR";
/** Only those that have a parent, with times. */
export const snapshotColumns = "-spuqR";

const uuids = "parent_uuid (\\S+) +received_uuid (\\S+) +uuid ([0-9a-f-]{36}) path ";
const subvolumeRecord = new RegExp(`^ID (\\d+) gen \\d+ parent (\\d+) top level \\d+()() ${uuids}`);
const snapshotRecord = new RegExp(
  `^ID (\\d+) gen \\d+ cgen \\d+ parent (\\d+) top level \\d+ otime (?:-|(\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d)) ${uuids}`,
);

/** Output of `btrfs subvolume list -puqR`, also with `-r`. */
export function parseSubvolumeList(text: string): readonly ListedSubvolume[] {
  return parseList(text, subvolumeRecord);
}

/** Output of `btrfs subvolume list -spuqR`, made with TZ=UTC: the tool writes local time without its offset. */
export function parseSnapshotList(text: string): readonly ListedSubvolume[] {
  return parseList(text, snapshotRecord);
}

/**
 * The path comes last in a line and may hold anything but NUL: a line that does not look like a record continues the path before it.
 * A name can be made to look like a record; see `withTimes`.
 */
function parseList(text: string, record: RegExp): readonly ListedSubvolume[] {
  const listed: ListedSubvolume[] = [];
  const secondsOf = clock();
  // The last newline ends the last record; one before it belongs to a name.
  for (const line of (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n")) {
    const match = record.exec(line);
    if (match) {
      const [head, id, holderId, date, time, parentUuid, receivedUuid, uuid = ""] = match;
      listed.push({
        id: Number(id),
        holderId: Number(holderId),
        uuid,
        parentUuid: parentUuid === "-" ? null : (parentUuid ?? null),
        receivedUuid: receivedUuid === "-" ? null : (receivedUuid ?? null),
        createdAt: date && time ? secondsOf(date, time) : null,
        path: line.slice(head.length),
      });
      continue;
    }
    const previous = listed.pop();
    if (previous) listed.push({ ...previous, path: `${previous.path}\n${line}` });
  }
  return listed;
}

/** Seconds since the epoch of a UTC date and time. A list has thousands of lines and few days: each day is parsed once. */
function clock(): (date: string, time: string) => number {
  const days = new Map<string, number>();
  return (date, time) => {
    const day = days.get(date) ?? Date.parse(`${date}T00:00:00Z`) / 1000;
    days.set(date, day);
    const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
    return day + hours * 3600 + minutes * 60 + seconds;
  };
}

/**
 * Joins a list of all with a list of snapshots: what both show under the same id, uuid and path exists and has a time. What has come or
 * gone between the two looks, or has no parent, keeps `createdAt: null` and has to be asked for one by one.
 *
 * A hostile name can hold a newline and text that looks like a record. The lists have different columns, so no text is a record in both: the
 * name itself is cut at different places in the two, and that gives it away.
 * @throws StepError `verification` when the two show different paths for one id
 */
export function withTimes(
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

/**
 * Btrfs prints what lies below the subvolume that it was asked for from there, and everything else from the top level. Here all paths
 * begin at the top level, without a slash in front.
 * @param askedId the subvolume that holds the path which the list was made for
 */
export function fromTopLevel(all: readonly ListedSubvolume[], askedId: number): readonly ListedSubvolume[] {
  const asked = all.find(({ id }) => id === askedId);
  // The top level is in no list, and what lies below it is printed from there already.
  if (!asked) return all;
  const below = new Set([askedId]);
  // What holds a subvolume may have come later than the subvolume (mv), so one pass over the list is not enough.
  for (let before = 0; before < below.size; ) {
    before = below.size;
    for (const { id, holderId } of all) if (below.has(holderId)) below.add(id);
  }
  return all.map((listed) =>
    listed.id !== askedId && below.has(listed.id) ? { ...listed, path: `${asked.path}/${listed.path}` } : listed,
  );
}

function disagreement(listed: ListedSubvolume, snapshot: ListedSubvolume): StepError {
  const names = `${JSON.stringify(listed.path)} and ${JSON.stringify(snapshot.path)}`;
  return new StepError("verification", `btrfs lists subvolume ${listed.id} as ${names}: the list cannot be trusted`, {
    advice: "it was renamed meanwhile, or a name imitates the list: rename what has a newline in its name",
  });
}
