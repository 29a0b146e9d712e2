import { chmod, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { deleteSubvolume, isBtrfs, isSubvolume } from "../btrfs/btrfs.ts";
import type { Execute } from "../exec.ts";
import { ifMissing } from "./filesystem.ts";

/** What `scratchName` writes: nothing else is ever removed. */
const ownName = /^pantheros-[0-9TZ]+-[\w.-]+\.\d+$/;

/** Name of the n-th scratch folder of a run. */
export function scratchName(runId: string, number: number): string {
  return `pantheros-${runId}.${number}`;
}

/**
 * Makes a private folder. A missing parent is made too, private as well.
 * @throws StepError `space`, `source`
 */
export async function makeScratch(path: string): Promise<void> {
  try {
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const full = code === "ENOSPC" || code === "EDQUOT";
    throw new StepError(full ? "space" : "source", `the scratch folder ${path} cannot be made: ${message}`, {
      cause,
      advice: full ? "free space there" : "see that its parent is there and can be written, or set scratch_directory",
    });
  }
}

/**
 * Removes a scratch folder with everything in it, Btrfs subvolumes too, also read-only ones. Gone already is fine.
 * @throws StepError `config` for a folder that is none of ours, `source` when something stays
 */
export async function removeScratch(path: string, execute: Execute): Promise<void> {
  if (!ownName.test(basename(path))) {
    throw new StepError("config", `${path} does not look like a scratch folder and is left alone`, {
      advice: "remove it by hand if nobody needs it",
    });
  }
  try {
    const state = await lstat(path).catch(ifMissing);
    // Not there, or below what is no folder: rm would complain of the latter.
    if (state === null) return;
    if (state.isDirectory()) await deleteSubvolumes(path, execute);
    await rm(path, { recursive: true, force: true }).catch(async (error: NodeJS.ErrnoException) => {
      // What was restored may hold folders that nobody may write, ourselves included.
      if (error.code !== "EACCES") throw error;
      await openFolders(path);
      await rm(path, { recursive: true, force: true });
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StepError("source", `the scratch folder ${path} cannot be removed: ${message}`, {
      cause,
      advice: "it is tried again; or remove it by hand",
    });
  }
}

/** Received subvolumes are read-only: nothing in them can be unlinked, they are deleted as a whole, the innermost first. */
async function deleteSubvolumes(path: string, execute: Execute): Promise<void> {
  if (!(await isBtrfs(path))) return;
  for (const subvolume of (await subvolumesBelow(path)).toReversed()) await deleteSubvolume(execute, subvolume);
}

async function openFolders(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
}

/** Outer ones before inner ones. */
async function subvolumesBelow(path: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const inner = join(path, entry.name);
    if (await isSubvolume(inner)) found.push(inner);
    found.push(...(await subvolumesBelow(inner)));
  }
  return found;
}
