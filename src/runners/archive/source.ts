import { basename } from "node:path";
import { type LocalSnapshot, sentUuid } from "../../model/archive/archive.ts";
import { archiveName } from "../../model/archive/key.ts";
import { StepError } from "../../model/run/outcome.ts";
import { listReadOnlyIds, listSubvolumes, listWithoutTimes, showSubvolume } from "../../tools/btrfs/btrfs.ts";
import type { ListedSubvolume } from "../../tools/btrfs/list.ts";
import type { ShownSubvolume } from "../../tools/btrfs/show.ts";
import { locate, type Mount, pathThrough, readMounts } from "../../tools/files/filesystem.ts";
import { type FoundFile, fileTree } from "../../tools/files/tree.ts";
import type { RunnerContext } from "../runner.ts";
import { declaredSubvolume, requireSubvolume } from "../subvolume.ts";

/** The snapshot that is archived. */
export interface ArchiveSource {
  readonly path: string;
  /** As the archive is called; see `archiveKey`. */
  readonly name: string;
  readonly shown: ShownSubvolume;
  /** What a receiver will know it by. */
  readonly sentUuid: string;
}

export interface SourceOptions {
  readonly subvolume?: string | undefined;
  readonly snapshot?: string | undefined;
  readonly name?: string | undefined;
}

/** What the archive of a step is called; known before its snapshot is there. */
export function nameOf({ name, subvolume, snapshot = "" }: SourceOptions): string {
  return name ?? subvolume ?? archiveName(basename(snapshot));
}

/** @throws StepError `source` when there is no snapshot, `config` when it is none, or not one of the subvolume */
export async function findSource(options: SourceOptions, context: RunnerContext): Promise<ArchiveSource> {
  const path = options.snapshot ?? (await newestSnapshot(options.subvolume ?? "", context));
  await requireSubvolume(path);
  const shown = await showSubvolume(context.execute, path);
  if (!shown.readOnly) {
    throw new StepError("config", `${path} can be written to: it could change while it is sent`, {
      advice: "archive a read-only snapshot: let a step of snapshot.btrfs make one, and refer to its path",
    });
  }
  if (options.subvolume !== undefined && options.snapshot !== undefined) {
    const subvolume = declaredSubvolume(options.subvolume, context);
    const { uuid } = await showSubvolume(context.execute, subvolume.path);
    if (shown.parentUuid !== uuid) {
      throw new StepError("config", `${path} is no snapshot of ${subvolume.path}`, {
        advice: `name a snapshot of ${options.subvolume}, or leave out subvolume`,
      });
    }
  }
  return { path, name: nameOf(options), shown, sentUuid: sentUuid(shown) };
}

async function newestSnapshot(name: string, context: RunnerContext): Promise<string> {
  const { path, snapshots } = declaredSubvolume(name, context);
  const none = new StepError("source", `there is no read-only snapshot of ${path} in ${snapshots}`, {
    advice: "put a step of snapshot.btrfs before this one",
  });
  const [source, directory] = await Promise.all([showSubvolume(context.execute, path), locate(snapshots)]);
  const [all, readOnlyIds] = await Promise.all([
    listSubvolumes(context.execute, directory.mount),
    listReadOnlyIds(context.execute, directory.mount),
  ]);
  const [newest] = all
    .filter(({ id, parentUuid, path }) => {
      const isInside = path.slice(0, Math.max(0, path.lastIndexOf("/"))) === directory.pathInFilesystem;
      return isInside && parentUuid === source.uuid && readOnlyIds.has(id);
    })
    .toSorted((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0) || b.id - a.id);
  if (newest === undefined) throw none;
  return `${snapshots}/${basename(newest.path)}`;
}

/** The read-only snapshots on the filesystem of a path that can be reached by one. */
export async function localSnapshots(path: string, { execute }: RunnerContext): Promise<readonly LocalSnapshot[]> {
  const { mount } = await locate(path);
  const [all, readOnlyIds, mounts] = await Promise.all([
    listWithoutTimes(execute, mount),
    listReadOnlyIds(execute, mount),
    readMounts(),
  ]);
  const usable = [mount, ...mounts.filter(({ device, id }) => device === mount.device && id !== mount.id)];
  return all.flatMap((listed) => {
    const reached = readOnlyIds.has(listed.id) ? reach(listed, usable) : null;
    return reached === null ? [] : { ...listed, path: reached };
  });
}

/** A path with a replacement character has lost a byte of its name: it leads nowhere, or elsewhere. */
function reach({ path }: ListedSubvolume, mounts: readonly Mount[]): string | null {
  if (path.includes("\ufffd")) return null;
  for (const mount of mounts) {
    const reached = pathThrough(mount, path);
    if (reached !== null) return reached;
  }
  return null;
}

/** Regular files of a snapshot, so that a restore elsewhere can be held against them. */
export async function countFiles(path: string, signal: AbortSignal) {
  let files = 0;
  let bytes = 0;
  for await (const { size } of fileTree(path, signal).files as AsyncIterable<FoundFile>) {
    files += 1;
    bytes += size;
  }
  return { files, bytes };
}
