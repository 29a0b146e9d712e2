import * as z from "zod";
import { StepError } from "../../model/run/outcome.ts";
import type { Artifact } from "../../model/samples/sample.ts";
import { historyOf } from "../../tools/restic/history.ts";
import type { ResticSnapshot } from "../../tools/restic/output.ts";
import type { RepositoryListing } from "../../tools/restic/repository-listing.ts";
import type { Restic } from "../../tools/restic/restic.ts";
import type { CollectorContext } from "../collector.ts";
import type { SeenSnapshot } from "./samples.ts";

/** How long the names of files may stand for a repository that nobody has opened meanwhile, seconds. */
const openEvery = 6 * 3600;
/** New snapshots that are asked for one by one; of more all are listed. */
const mostAsked = 200;

/** When restic last listed all of the repository, and when it last opened it (seconds since the epoch); the keys that it had then. */
const note = z.object({ listedAt: z.number(), openedAt: z.number(), keys: z.array(z.string()) });

export interface InsideLook {
  readonly snapshots: readonly SeenSnapshot[];
  /** When restic last opened the repository, seconds since the epoch. */
  readonly openedAt: number;
  readonly problems: readonly string[];
}

interface Repository {
  readonly name: string;
  /** Null: only restic can see what is there. */
  readonly names: RepositoryNames | null;
  readonly restic: Pick<Restic, "snapshots">;
  /** For a call of restic. */
  readonly seconds: number;
}

/** What the files of a repository are called, and how to look again. */
interface RepositoryNames {
  readonly listing: RepositoryListing;
  readonly keys: readonly string[];
  readonly snapshots: ReadonlySet<string>;
}

/**
 * Null where the files cannot be seen by us, but perhaps by restic: another user may run it, and what answers may be another server.
 * @throws StepError of the listing
 */
export async function namesOf(listing: RepositoryListing | null): Promise<RepositoryNames | null> {
  if (listing === null) return null;
  try {
    const keys = [...(await listing.ids("keys"))].sort();
    return { listing, keys, snapshots: await listing.ids("snapshots") };
  } catch (error) {
    if (error instanceof StepError && (error.reason === "auth" || error.reason === "unknown")) return null;
    throw error;
  }
}

/**
 * All snapshots of a repository. restic takes half a second to open one, and most of the time nothing has changed: where the files can be
 * listed, it is asked only for snapshots whose names are new, and for everything once in six hours, or when the keys have changed.
 * @throws StepError of restic or of the listing
 */
export async function lookInside(repository: Repository, context: CollectorContext): Promise<InsideLook> {
  const { name, names, restic, seconds } = repository;
  const { now, recall, remember } = context;
  const ask = async (ids: readonly string[] = []) =>
    (await restic.snapshots({ ids }, seconds)).map((one) => seenSnapshot(name, one));

  const before = note.safeParse(recall(`opened/${name}`)).data ?? null;
  if (names !== null && before !== null && isFresh(before, names.keys, now)) {
    const known = knownSnapshots(name, context).filter((snapshot) => names.snapshots.has(snapshot.name));
    const unknown = withoutThose(names.snapshots, known);
    if (unknown.length === 0) return { snapshots: known, openedAt: before.openedAt, problems: [] };
    if (unknown.length <= mostAsked && known.length > 0) {
      const snapshots = [...known, ...(await ask(unknown))];
      remember(`opened/${name}`, { ...before, openedAt: now });
      return { snapshots, openedAt: now, problems: await unread(withoutThose(unknown, snapshots), names.listing) };
    }
  }
  const snapshots = await ask();
  remember(`opened/${name}`, { listedAt: now, openedAt: now, keys: names?.keys ?? [] });
  if (names === null) return { snapshots, openedAt: now, problems: [] };
  // restic shows from its cache what was emptied since.
  const files = await names.listing.files("snapshots");
  const whole = snapshots.filter((snapshot) => files.get(snapshot.name)?.size !== 0);
  return { snapshots: whole, openedAt: now, problems: await unread(withoutThose(files.keys(), whole), names.listing) };
}

function isFresh({ listedAt, keys }: z.infer<typeof note>, keysNow: readonly string[], now: number): boolean {
  return listedAt <= now && now - listedAt < openEvery && keys.join() === keysNow.join();
}

/** Snapshots that have a file, but that restic does not list: unless they were removed just now, nobody can restore them. */
async function unread(ids: readonly string[], listing: RepositoryListing): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const still = await listing.ids("snapshots");
  const left = ids.filter((id) => still.has(id));
  const [first] = left;
  return first === undefined
    ? []
    : [`snapshots that nobody can read: ${left.length}, e.g. ${first.slice(0, 8)} – run restic check`];
}

function withoutThose(names: Iterable<string>, snapshots: readonly SeenSnapshot[]): readonly string[] {
  const known = new Set(snapshots.map(({ name }) => name));
  return [...names].filter((name) => !known.has(name));
}

/** What the look before this one saw: a snapshot never changes, and its name is the sum of its content. */
function knownSnapshots(repository: string, { ledger }: CollectorContext): readonly SeenSnapshot[] {
  const last = ledger.observations().find(({ collector }) => collector === "restic");
  return (last?.artifacts ?? []).filter((one): one is SeenSnapshot => one.subject === repository && isWhole(one));
}

/** Another version may have kept less. */
const isWhole = ({ host, group }: Artifact) => host !== undefined && group !== undefined;

function seenSnapshot(subject: string, { id, at, host, tags, paths, bytes, files }: ResticSnapshot): SeenSnapshot {
  const size = { ...(bytes === undefined ? {} : { bytes }), ...(files === undefined ? {} : { files }) };
  return { subject, name: id, at, group: historyOf(host, tags, paths), host, ...size };
}
