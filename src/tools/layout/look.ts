import { realpath, stat } from "node:fs/promises";
import type { Layout } from "../../model/layout/profile.ts";
import {
  below,
  type LayoutSight,
  mountOf,
  type Seen,
  type SeenDirectory,
  type SeenSubvolume,
} from "../../model/layout/sight.ts";
import { explainFailure, StepError, toStepError } from "../../model/run/outcome.ts";
import { isBtrfs, listReadOnlyIds, listWithoutTimes } from "../btrfs/btrfs.ts";
import type { Execute } from "../exec.ts";
import { readAttributes, readCompressionProperty } from "../files/attributes.ts";
import { isMissing } from "../files/filesystem.ts";
import { isEmptyDirectory, sampleFiles } from "../files/sample.ts";
import { type LayoutMount, readLayoutMounts } from "./mounts.ts";

/**
 * Everything that a layout is held against. Changes nothing; what this user may not see is unknown, with the reason.
 * @param root below which directory the layout is looked for: `/`
 * @throws StepError `source` when the root is not there
 */
export async function lookAtLayout(execute: Execute, layout: Layout, root: string): Promise<LayoutSight> {
  const real = await realRoot(root);
  const found = await readLayoutMounts(real);
  const mounts = found.map(({ seen }) => seen);
  const paths = new Map<string, boolean>();
  for (const { name, mountPoint, copyOnWrite } of layout.subvolumes) {
    const path = mountPoint === null ? mountOf({ mounts }, name)?.mountPoint : below(real, mountPoint);
    if (path !== undefined) paths.set(path, !copyOnWrite);
  }
  const [subvolumes, directories] = await Promise.all([listAll(execute, found), lookAtDirectories(execute, paths)]);
  return { root: real, mounts, subvolumes, directories };
}

async function realRoot(root: string): Promise<string> {
  try {
    return await realpath(root);
  } catch (cause) {
    throw new StepError("source", `${root} cannot be looked at: ${(cause as Error).message}`, {
      advice: "name the directory that the system is mounted at",
      cause,
    });
  }
}

/** One list of each Btrfs, by whichever of its mounts comes first. */
async function listAll(execute: Execute, found: readonly LayoutMount[]): Promise<LayoutSight["subvolumes"]> {
  const lists = new Map<string, Seen<readonly SeenSubvolume[]>>();
  for (const { mount } of found) {
    if (mount.type !== "btrfs" || lists.has(mount.device)) continue;
    try {
      const [all, readOnly] = await Promise.all([listWithoutTimes(execute, mount), listReadOnlyIds(execute, mount)]);
      lists.set(mount.device, {
        known: true,
        value: all.map(({ id, path }) => ({ path, readOnly: readOnly.has(id) })),
      });
    } catch (error) {
      lists.set(mount.device, { known: false, why: whyOf(error) });
    }
  }
  return lists;
}

/** @param paths with whether their files are looked at too */
async function lookAtDirectories(
  execute: Execute,
  paths: ReadonlyMap<string, boolean>,
): Promise<LayoutSight["directories"]> {
  const there = [];
  for (const [path, withFiles] of paths) {
    const onBtrfs = await btrfsOrGone(path);
    if (onBtrfs !== null) there.push({ path, onBtrfs, files: withFiles && onBtrfs ? await sampleFiles(path) : [] });
  }
  const asked = there.filter(({ onBtrfs }) => onBtrfs).flatMap(({ path, files }) => [path, ...files]);
  const attributes = await readAttributes(execute, asked);
  const directories = await Promise.all(
    there.map(async ({ path, onBtrfs, files }): Promise<SeenDirectory> => {
      const own = attributes.get(path) ?? { known: false, why: `${path} is not on a Btrfs` };
      const letters = files.flatMap((file) => {
        const seen = attributes.get(file);
        return seen?.known ? [seen.value] : [];
      });
      return {
        path,
        onBtrfs,
        attributes: own,
        // Without the letter there is no such property, and no need to ask for it.
        compression:
          own.known && !own.value.includes("c") ? { known: true, value: "" } : await propertyOf(execute, own, path),
        isEmpty: await isEmptyDirectory(path),
        files: { looked: letters.length, copyOnWrite: letters.filter((each) => !each.includes("C")).length },
      };
    }),
  );
  return new Map(directories.map((directory) => [directory.path, directory]));
}

async function propertyOf(execute: Execute, own: Seen<string>, path: string): Promise<Seen<string>> {
  return own.known ? readCompressionProperty(execute, path) : own;
}

/** Null: nothing is there. */
async function btrfsOrGone(path: string): Promise<boolean | null> {
  try {
    return (await stat(path)).isDirectory() && (await isBtrfs(path));
  } catch (error) {
    if (isMissing(error)) return null;
    // It is there and this user may not even look at it: lsattr will say so.
    return true;
  }
}

function whyOf(error: unknown): string {
  const failure = toStepError(error);
  if (failure.reason === "cancelled" || failure.reason === "timeout") throw error;
  return explainFailure(failure);
}
