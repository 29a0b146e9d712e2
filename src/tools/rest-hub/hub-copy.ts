import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import type { Destination } from "../destinations/destination.ts";
import type { Execute } from "../exec.ts";
import { copyWithRclone, type RcloneDestination } from "../rclone/rclone.ts";
import { listRepository, type RepositoryFiles, type Stage, snapshotIds, stages } from "./hub.ts";

export interface HubCopy {
  /** Absolute path of the repository's folder. */
  readonly folder: string;
  readonly place: RcloneDestination;
  readonly destination: Destination;
  /** Whole prefix of this repository at the destination. */
  readonly prefix: string;
  /** A private folder for lists of files. */
  readonly scratch: string;
  /** Also remove at the destination what the repository has no more. */
  readonly remove: boolean;
  readonly dryRun: boolean;
}

export interface HubReport {
  /** Of the repository; all of them were found at the destination. */
  readonly files: number;
  readonly bytes: number;
  /** What had to be moved. */
  readonly filesCopied: number;
  readonly bytesCopied: number;
  readonly filesRemoved: number;
  readonly snapshotsSource: number;
  readonly snapshotsTarget: number;
}

interface World {
  readonly execute: Execute;
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Copies a repository file by file, without its password: what refers to something comes after it, so that the copy is a whole repository
 * at every moment. Files of a repository are named by their content: what is there with its size is not copied again.
 * @throws StepError `repository_locked` when something removes files there meanwhile, as prune does; `verification` when a file did not arrive;
 * `empty_artifact` for a repository without snapshots whose copy has some; those of rclone and of the destination
 */
export async function copyRepository(copy: HubCopy, world: World): Promise<HubReport> {
  const source = await listRepository(copy.folder, world.signal);
  const all = new Map(stages.flatMap((stage) => [...(source.get(stage) ?? [])]));
  const before = await listDestination(copy, "");
  const held = snapshotIds(before.keys()).length;
  if (held > 0 && snapshotIds(all.keys()).length === 0) throw emptied(copy, held);
  const found = new Map(before);
  let [filesCopied, bytesCopied] = [0, 0];
  for (const stage of stages) {
    const files = source.get(stage) ?? new Map<string, number>();
    const lacking = [...files].filter(([name, size]) => before.get(name) !== size);
    if (lacking.length === 0) continue;
    if (!copy.dryRun) {
      await copyFiles(copy, stage, lacking, world, bytesCopied);
      // rclone passes over files that are gone, without a word: what refers to them must not be copied after them.
      for (const [name, size] of await prove(copy, stage, files, world.signal)) found.set(name, size);
    }
    filesCopied += lacking.length;
    bytesCopied += sum(lacking);
  }
  const isMore = [...found.keys()].some((name) => !all.has(name));
  const filesRemoved = copy.remove && !copy.dryRun && isMore ? await removeRest(copy, found, world.signal) : 0;
  return {
    files: all.size,
    bytes: sum(all),
    filesCopied,
    bytesCopied,
    filesRemoved,
    snapshotsSource: snapshotIds(all.keys()).length,
    snapshotsTarget: snapshotIds(found.keys()).length,
  };
}

const sum = (files: Iterable<readonly [string, number]>) => [...files].reduce((all, [, size]) => all + size, 0);

async function copyFiles(
  copy: HubCopy,
  stage: Stage,
  lacking: readonly (readonly [string, number])[],
  world: World,
  done: number,
) {
  const names = lacking.map(([name]) => name);
  const onlyListed = join(copy.scratch, `${stage}.list`);
  await writeFile(onlyListed, names.map((name) => `${name}\n`).join(""), { mode: 0o600 });
  const { folder: source, place: destination, prefix } = copy;
  try {
    await copyWithRclone({ mode: "copy", source, destination, prefix, onlyListed }, world.execute, ({ bytes }) =>
      world.onProgress(done + bytes),
    );
  } catch (error) {
    if (error instanceof StepError && error.reason === "source") await refuseVanished(copy, names, world.signal, error);
    throw error;
  }
}

/** Names and sizes of one stage at both sides; names are sums of the contents. @returns what was found */
async function prove(copy: HubCopy, stage: Stage, files: RepositoryFiles, signal: AbortSignal) {
  // `config` lies beside the folders; with the keys it is copied first, when there is hardly anything else.
  const found = await listDestination(copy, stage === "keys" ? "" : stage);
  const wrong = [...files].filter(([name, size]) => found.get(name) !== size).map(([name]) => name);
  if (wrong.length === 0) return found;
  await refuseVanished(copy, wrong, signal);
  throw new StepError(
    "verification",
    `${wrong.length} files of ${copy.folder} are not at ${copy.destination.url(copy.prefix)} with their size, e.g. ${wrong[0]}`,
    { advice: "run it again; if it stays so, distrust the destination or what else writes to this prefix" },
  );
}

async function refuseVanished(copy: HubCopy, names: readonly string[], signal: AbortSignal, cause?: unknown) {
  const now = await listRepository(copy.folder, signal);
  const gone = names.filter((name) => !stages.some((stage) => now.get(stage)?.has(name)));
  if (gone.length === 0) return;
  throw new StepError("repository_locked", `${gone.length} files of ${copy.folder} were removed while it was copied`, {
    advice: "something prunes it now: it is copied when that is over; give both their own time",
    cause,
  });
}

/**
 * What the repository has no more goes in the order opposite to that of copying: what refers to something goes before it. Not while a backup or
 * prune is at work, of which the copy has only a part: the next copy does it.
 */
async function removeRest(copy: HubCopy, found: Map<string, number>, signal: AbortSignal): Promise<number> {
  const now = await listRepository(copy.folder, signal);
  const later = await listRepository(copy.folder, signal);
  const copied = [...(now.get("index")?.keys() ?? []), ...(now.get("data")?.keys() ?? [])].every((name) =>
    found.has(name),
  );
  const quiet = [...(now.get("index")?.keys() ?? [])].join() === [...(later.get("index")?.keys() ?? [])].join();
  if (!copied || !quiet || snapshotIds(later.get("snapshots")?.keys() ?? []).length === 0) return 0;
  let removed = 0;
  for (const stage of stages.toReversed()) {
    for (const name of found.keys()) {
      if (!name.startsWith(`${stage}/`) || later.get(stage)?.has(name)) continue;
      await copy.destination.removeFile(copy.prefix === "" ? name : `${copy.prefix}/${name}`, { versions: false });
      found.delete(name);
      removed += 1;
    }
  }
  return removed;
}

/** By name in the repository. @param below empty: all of it */
async function listDestination({ destination, prefix }: HubCopy, below: string): Promise<RepositoryFiles> {
  const found = new Map<string, number>();
  try {
    for await (const { name, size } of destination.list([prefix, below].filter(Boolean).join("/"))) {
      found.set(below === "" ? name : `${below}/${name}`, size);
    }
  } catch (error) {
    // A folder that the first copy is going to make.
    if (!isMissingFolder(error)) throw error;
  }
  return found;
}

function isMissingFolder(error: unknown): boolean {
  const cause = error instanceof StepError && error.reason === "source" ? error.details.cause : undefined;
  return (cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

function emptied({ folder, destination, prefix }: HubCopy, held: number): StepError {
  return new StepError("empty_artifact", `${folder} holds no snapshots, but ${destination.url(prefix)} holds ${held}`, {
    advice: "see whether its disk is mounted and who has removed them; nothing was copied",
  });
}
