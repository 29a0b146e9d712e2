import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { fileTree } from "../files/tree.ts";

/**
 * The folder of restic's REST server, or any folder that holds repositories: with --private-repos one for each user, each of them a repository
 * or a folder of such.
 */
const deepest = 4;

/** What makes a folder a repository. https://restic.readthedocs.io/en/stable/100_references.html (2026-11) */
const parts = ["config", "data", "index", "keys", "snapshots"];

/**
 * Repositories below a folder, by their paths relative to it, in order; empty text: the folder itself.
 * @throws StepError `source` when it cannot be read
 */
export async function findRepositories(hub: string, below = ""): Promise<readonly string[]> {
  const entries = await readdir(join(hub, below), { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw new StepError("source", `${join(hub, below)} cannot be read: ${cause.message}`, {
      advice: "see that the path is right, that it is mounted, and that this user may read it",
      cause,
    });
  });
  const names = new Set(entries.map(({ name }) => name));
  if (parts.every((part) => names.has(part))) return [below];
  if (below.split("/").length >= deepest) return [];
  const found: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    found.push(...(await findRepositories(hub, join(below, name))));
  }
  return found;
}

/** The files of a repository, by name with their size. */
export type RepositoryFiles = ReadonlyMap<string, number>;

/** What is copied together, in this order: whatever a file refers to is there before it. */
export const stages = ["keys", "data", "index", "snapshots"] as const;
export type Stage = (typeof stages)[number];

/**
 * What a repository consists of, without its locks and what is just being written. Looked at in the order opposite to that in which restic
 * writes – snapshots, index, data –, so that what was listed is whole in itself although backups go on meanwhile.
 * @throws StepError `source`, `cancelled`
 */
export async function listRepository(
  folder: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<Stage, RepositoryFiles>> {
  const listed = new Map<Stage, RepositoryFiles>();
  for (const stage of stages.toReversed()) {
    const files = new Map<string, number>();
    for await (const { path, size } of fileTree(join(folder, stage), signal).files) {
      const name = path.toString("utf8");
      if (/(?:^|\/)[0-9a-f]{64}$/.test(name)) files.set(`${stage}/${name}`, size);
    }
    listed.set(stage, files);
  }
  const { size } = await stat(join(folder, "config"));
  return listed.set("keys", new Map([["config", size], ...(listed.get("keys") ?? [])]));
}

/** Ids of the snapshots among names of files. */
export function snapshotIds(names: Iterable<string>): readonly string[] {
  return [...names].flatMap((name) => /^snapshots\/([0-9a-f]{64})$/.exec(name)?.[1] ?? []);
}
