import { dueForMeasuring, notesOf, type SizeNote, sizeOf } from "../../model/btrfs/snapshot-sizes.ts";
import { toStepError } from "../../model/run/outcome.ts";
import type { Sample } from "../../model/samples/sample.ts";
import { measureExclusive } from "../../tools/btrfs/du.ts";
import type { CollectorContext } from "../collector.ts";

export interface Measurable {
  readonly subvol: string;
  readonly snapshots: readonly { readonly uuid: string; readonly path: string }[];
}

/** Seconds between two rounds of measuring, and how long a round goes on beginning new measurements. */
const roundEvery = 3600;
const roundLength = 30;
const mostPerRound = 500;
/** Seconds that one snapshot may take: it is given up for a day then. */
const longest = 60;
/** Seconds that a measurement is good for. */
const fresh = 86_400;
/** Seconds of work that are lost at most when the round is cut off. */
const noteEvery = 5;
/** What is remembered of more would be too large for a note. */
const mostSnapshots = 10_000;

type Services = Pick<CollectorContext, "execute" | "recall" | "remember" | "now" | "signal">;

/**
 * Measures some of the snapshots, never more than a round's worth, and adds up what is known by now. A round goes on where the last one
 * ended, also after a restart; the sum is told once every snapshot has been measured.
 */
export async function measureSome(
  wanted: readonly Measurable[],
  services: Services,
): Promise<{ readonly samples: readonly Sample[]; readonly problems: readonly string[] }> {
  const kept = wanted.filter(({ snapshots }) => snapshots.length <= mostSnapshots);
  const notes = new Map(kept.map((each) => [each.subvol, { ...notesOf(services.recall(keyOf(each))) }]));
  const problems = wanted
    .filter((each) => !kept.includes(each))
    .map(({ subvol, snapshots }) => `${subvol}: ${snapshots.length} snapshots are too many to be measured`);
  problems.push(...(await round(kept, notes, services)));
  const samples: Sample[] = [];
  for (const { subvol, snapshots } of kept) {
    const uuids = snapshots.map(({ uuid }) => uuid);
    const { bytes, measured, measuredSince, failures } = sizeOf(uuids, notes.get(subvol) ?? {});
    samples.push({ metric: "snapshotSizeMeasured", labels: { subvol }, value: measured });
    if (bytes !== null) samples.push({ metric: "snapshotSize", labels: { subvol }, value: bytes });
    if (measuredSince !== null) samples.push({ metric: "snapshotSizeAge", labels: { subvol }, since: measuredSince });
    problems.push(...failures.map((why) => `${subvol}: ${why}`));
  }
  return { samples, problems };
}

type Notes = Map<string, Record<string, SizeNote>>;

/** @returns problems that belong to no snapshot */
async function round(kept: readonly Measurable[], notes: Notes, services: Services): Promise<readonly string[]> {
  const { execute, recall, remember, now, signal } = services;
  const due = kept
    .flatMap((each) => dueOf(each, notes, now).map((snapshot) => ({ ...snapshot, each })))
    .slice(0, mostPerRound);
  const last = recall("round");
  const isTooSoon = typeof last === "number" && last <= now && now - last < roundEvery * 0.9;
  if (due.length === 0 || isTooSoon) return [];
  remember("round", now);
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  let noted = 0;
  const changed = new Set<Measurable>();
  const note = () => {
    for (const each of changed) remember(keyOf(each), onlyOf(each, notes));
    changed.clear();
    noted = elapsed();
  };
  try {
    for (const { uuid, path, each } of due) {
      if (elapsed() > roundLength) break;
      try {
        const bytes = await measureExclusive(execute, path, longest);
        // It has gone meanwhile: the next look at the snapshots will not name it any more.
        if (bytes === null) continue;
        write(notes, each, uuid, [bytes, Math.round(now)]);
      } catch (error) {
        const { reason, message } = toStepError(error);
        if (signal.aborted) throw error;
        if (reason === "auth" || reason === "tool_missing") return [`sizes of snapshots: ${message}`];
        write(notes, each, uuid, [message, Math.round(now)]);
      }
      changed.add(each);
      if (elapsed() - noted > noteEvery) note();
    }
  } finally {
    note();
  }
  return [];
}

function dueOf({ subvol, snapshots }: Measurable, notes: Notes, now: number) {
  const paths = new Map(snapshots.map(({ uuid, path }) => [uuid, path]));
  const uuids = dueForMeasuring([...paths.keys()], notes.get(subvol) ?? {}, { fresh, now });
  return uuids.map((uuid) => ({ uuid, path: paths.get(uuid) as string }));
}

function write(notes: Notes, { subvol }: Measurable, uuid: string, note: SizeNote): void {
  const own = notes.get(subvol);
  if (own !== undefined) own[uuid] = note;
}

/** The notes without those of snapshots that are gone. */
function onlyOf({ subvol, snapshots }: Measurable, notes: Notes): Readonly<Record<string, SizeNote>> {
  const own = notes.get(subvol) ?? {};
  return Object.fromEntries(snapshots.flatMap(({ uuid }) => (own[uuid] === undefined ? [] : [[uuid, own[uuid]]])));
}

function keyOf({ subvol }: Measurable): string {
  return `measured/${subvol}`;
}
