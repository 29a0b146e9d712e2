import { toStepError } from "../model/run/outcome.ts";
import type { Artifact, Sample } from "../model/samples/sample.ts";
import { clockTolerance } from "../model/time/clock-tolerance.ts";
import { listSubvolumes, listWithoutTimes, showByUuid, showSubvolume } from "../tools/btrfs/btrfs.ts";
import { snapshotsOf } from "../tools/btrfs/family.ts";
import type { ListedSubvolume } from "../tools/btrfs/list.ts";
import type { Execute } from "../tools/exec.ts";
import { locate, locateNearest, type Mount, type Place, pathThrough, readMounts } from "../tools/files/filesystem.ts";
import { type CollectorContext, defineCollector } from "./collector.ts";

/** More snapshots than this without a known time are looked up together, by a second list. */
const mostAskedOneByOne = 16;

/** A subvolume of the configuration and where it really is. */
interface Declared {
  readonly name: string;
  readonly path: string;
  readonly place: Place;
  /** As the configuration writes it, without a slash at its end, and where it really is; null: not made yet. */
  readonly snapshots: string;
  readonly snapshotsPlace: Place | null;
}

export const snapshots = defineCollector({
  name: "snapshots",
  summary: "Btrfs snapshots of each subvolume, whatever made them and wherever on the filesystem they are.",
  every: 60,
  timeout: 60,
  async collect({ config, execute, ledger, now }) {
    const { declared, problems } = await findDeclared(config);
    const known = timesOf(ledger.observations().find(({ collector }) => collector === "snapshots")?.artifacts ?? []);
    const artifacts: Artifact[] = [];
    const samples: Sample[] = [];
    // One look at each filesystem, however many of its subvolumes are declared.
    for (const group of Map.groupBy(declared, ({ place }) => place.mount.device).values()) {
      try {
        for (const { name, found } of await lookAt(group, known, execute)) {
          artifacts.push(...found);
          samples.push(...samplesOf(name, found, now));
        }
      } catch (error) {
        problems.push(`${group.map(({ name }) => name).join(", ")}: ${toStepError(error).message}`);
      }
    }
    return { samples, artifacts, problems };
  },
});

async function findDeclared({ subvolumes }: CollectorContext["config"]) {
  const declared: Declared[] = [];
  const problems: string[] = [];
  const mounts = await readMounts();
  for (const [name, { path, snapshots }] of Object.entries(subvolumes)) {
    try {
      const directory = await locateNearest(snapshots, mounts);
      const snapshotsPlace = directory.exists ? directory.place : null;
      const place = await locate(path, mounts);
      declared.push({ name, path, place, snapshots: snapshots.replace(/\/+$/, ""), snapshotsPlace });
    } catch (error) {
      problems.push(`${name}: ${toStepError(error).message}`);
    }
  }
  return { declared, problems };
}

/** When a snapshot was made never changes: what an earlier look saw need not be asked for again. By UUID. */
function timesOf(seen: readonly Artifact[]): ReadonlyMap<string, number> {
  return new Map(seen.flatMap(({ identity, at }) => (identity === undefined ? [] : [[identity, at] as const])));
}

/** All declared subvolumes of one filesystem with their snapshots. */
async function lookAt(group: readonly Declared[], known: ReadonlyMap<string, number>, execute: Execute) {
  const [{ path, place }] = group as readonly [Declared, ...Declared[]];
  const mounts = (await readMounts()).filter(({ device }) => device === place.mount.device);
  const families = await findFamilies(group, known, execute);
  return Promise.all(
    group.map(async (each, index) => {
      const found: Artifact[] = [];
      for (const snapshot of families[index] ?? []) {
        const at = snapshot.createdAt ?? known.get(snapshot.uuid) ?? (await askTime(snapshot, path, execute));
        const name = reachablePath(snapshot, each, mounts);
        if (at !== null) found.push({ subject: each.name, name, at, identity: snapshot.uuid });
      }
      return { name: each.name, found };
    }),
  );
}

/** The snapshots of each, in the order of the group; with their times where many are not known yet. */
async function findFamilies(group: readonly Declared[], known: ReadonlyMap<string, number>, execute: Execute) {
  const [{ place }] = group as readonly [Declared, ...Declared[]];
  const familiesIn = async (all: readonly ListedSubvolume[]) => {
    const byPath = Map.groupBy(all, ({ path }) => path);
    const uuids = await Promise.all(group.map((each) => uuidOf(each, byPath, execute)));
    const directories = group.map(({ snapshotsPlace }) => snapshotsPlace?.pathInFilesystem ?? null);
    return snapshotsOf(
      uuids.map((uuid, index) => ({ uuid, directory: directories[index] ?? null })),
      all,
    );
  };
  if (known.size > 0) {
    const families = await familiesIn(await listWithoutTimes(execute, place.mount));
    const unknown = families.flat().filter(({ uuid }) => !known.has(uuid));
    if (unknown.length <= mostAskedOneByOne) return families;
  }
  return familiesIn(await listSubvolumes(execute, place.mount));
}

/** From the list where it is unmistakable; the top level of a filesystem is in no list. */
async function uuidOf(
  { path, place }: Declared,
  byPath: ReadonlyMap<string, readonly ListedSubvolume[]>,
  execute: Execute,
): Promise<string> {
  const [only, ...others] = byPath.get(place.pathInFilesystem) ?? [];
  return only && others.length === 0 ? only.uuid : (await showSubvolume(execute, path)).uuid;
}

/** The list has no time for what was received in full, nor for what came while it was made. Null: it is gone, or never was. */
async function askTime({ uuid }: ListedSubvolume, path: string, execute: Execute): Promise<number | null> {
  try {
    return (await showByUuid(execute, path, uuid)).createdAt;
  } catch (error) {
    if (toStepError(error).reason === "source") return null;
    throw error;
  }
}

/** The name that a person and the steps of a job would use: below the declared directory where it is there, else through a mount. */
function reachablePath({ path }: ListedSubvolume, declared: Declared, mounts: readonly Mount[]): string {
  const directory = declared.snapshotsPlace?.pathInFilesystem;
  if (directory !== undefined && path.startsWith(directory === "" ? "" : `${directory}/`)) {
    return `${declared.snapshots}/${directory === "" ? path : path.slice(directory.length + 1)}`;
  }
  const ways = mounts.map((mount) => pathThrough(mount, path)).filter((way) => way !== null);
  return ways[0] ?? `<top level>/${path}`;
}

function samplesOf(subvol: string, found: readonly Artifact[], now: number): Sample[] {
  const count: Sample = { metric: "snapshotCount", labels: { subvol, type: "all" }, value: found.length };
  const times = found.map(({ at }) => at);
  const past = times.filter((at) => at <= now + clockTolerance);
  const newest = (past.length > 0 ? past : times).reduce((last, at) => Math.max(last, at), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(newest)) return [count];
  return [
    count,
    { metric: "snapshotAge", labels: { subvol }, since: newest },
    { metric: "snapshotNewest", labels: { subvol }, value: newest },
  ];
}
