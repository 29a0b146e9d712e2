import { createHash } from "node:crypto";
import { type BigIntStats, createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { StepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";

/** Two folders that hold the same. */
export interface SameTrees {
  /** Regular files, and their size. */
  readonly files: number;
  readonly bytes: number;
}

interface Entry {
  /** Below the root; bytes, because a name need not be UTF-8. */
  readonly path: Buffer;
  readonly stats: BigIntStats;
}

/**
 * Compares two folders entry by entry: names, kinds, modes, owners, times, targets of links and content.
 * @throws StepError `verification` naming the first difference, `source` when something cannot be read, `cancelled`
 */
export async function compareTrees(expected: string, actual: string, signal: AbortSignal): Promise<SameTrees> {
  const [ours, theirs] = [entries(expected), entries(actual)];
  let files = 0;
  let bytes = 0;
  for (;;) {
    if (signal.aborted) throw cancellation(`comparing ${actual}`, signal);
    const [one, other] = await Promise.all([ours.next(), theirs.next()]);
    if (one.done && other.done) return { files, bytes };
    if (one.done || other.done || !one.value.path.equals(other.value.path)) {
      throw different(actual, firstOf(one.value, other.value), "it is there on one side only");
    }
    const { path, stats } = one.value;
    const [expectedFacts, actualFacts] = [factsOf(stats), factsOf(other.value.stats)];
    for (const [fact, value] of Object.entries(expectedFacts)) {
      const found = actualFacts[fact];
      if (found !== value) throw different(actual, path, `its ${fact} is ${found}, it was ${value}`);
    }
    const [content, otherContent] = await Promise.all([contentOf(expected, one.value), contentOf(actual, other.value)]);
    if (content !== otherContent) throw different(actual, path, "its content is another");
    if (!stats.isFile()) continue;
    files += 1;
    bytes += Number(stats.size);
  }
}

const slash = Buffer.from("/");
const below = (root: string, path: Buffer) => Buffer.concat([Buffer.from(root), slash, path]);
/** In a snapshot, where a subvolume was: an empty folder that is not in the snapshot itself (kernel: BTRFS_EMPTY_SUBVOL_DIR_OBJECTID). */
const formerSubvolume = 2n;

/** In the order of the bytes of their names, folders before what is in them. */
async function* entries(root: string, folder: Buffer = Buffer.alloc(0)): AsyncGenerator<Entry, undefined> {
  const names = await guarded(root, folder, () => readdir(below(root, folder), { encoding: "buffer" }));
  for (const name of names.toSorted(Buffer.compare)) {
    const path = folder.length === 0 ? name : Buffer.concat([folder, slash, name]);
    const stats = await guarded(root, path, () => lstat(below(root, path), { bigint: true }));
    if (stats.isDirectory() && stats.ino === formerSubvolume) continue;
    yield { path, stats };
    if (stats.isDirectory()) yield* entries(root, path);
  }
  return undefined;
}

function factsOf(stats: BigIntStats): Readonly<Record<string, string>> {
  const { mode, uid, gid, mtimeNs, size, rdev } = stats;
  const always = { mode: mode.toString(8), owner: `${uid}:${gid}`, "modification time": `${mtimeNs}` };
  // The size of a folder counts the names in it, those of former subvolumes too.
  return stats.isDirectory() ? always : { ...always, size: `${size}`, device: `${rdev}` };
}

async function contentOf(root: string, { path, stats }: Entry): Promise<string> {
  return await guarded(root, path, async () => {
    if (stats.isSymbolicLink()) return (await readlink(below(root, path), { encoding: "buffer" })).toString("hex");
    if (!stats.isFile()) return "";
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(below(root, path), { highWaterMark: 256 * 1024 })) hash.update(chunk);
    return hash.digest("hex");
  });
}

async function guarded<Result>(root: string, path: Buffer, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    throw new StepError("source", `${below(root, path).toString("utf8")} cannot be read: ${(cause as Error).message}`, {
      cause,
      advice: "look at dmesg, and run it as root",
    });
  }
}

function firstOf(one: Entry | undefined, other: Entry | undefined): Buffer {
  if (one === undefined || other === undefined) return (one ?? other)?.path ?? Buffer.alloc(0);
  return Buffer.compare(one.path, other.path) < 0 ? one.path : other.path;
}

function different(root: string, path: Buffer, why: string): StepError {
  return new StepError(
    "verification",
    `${JSON.stringify(path.toString("utf8"))} in ${root} differs from its source: ${why}`,
    {
      advice: "the archive does not give back what was archived: make a full one and drill it, and keep the snapshots",
    },
  );
}
