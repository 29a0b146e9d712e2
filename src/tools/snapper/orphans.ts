import { readdir, rmdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { deleteSubvolume, isSubvolume } from "../btrfs/btrfs.ts";
import type { Execute } from "../exec.ts";
import { isMissing } from "../files/filesystem.ts";

/** snapper describes a snapshot some milliseconds after Btrfs has made it; what was touched since then may be somebody's work. */
const graceMs = 10_000;

/**
 * Removes what a killed snapper has left half-made: it makes the folder `N`, then `N/snapshot`, and at last describes it in `N/info.xml`.
 * What has no description snapper does not know of, and would never remove.
 * @param directory `.snapshots` of the subvolume
 * @param after only numbers above this one: what was there before is somebody else's business
 * @param now milliseconds since the epoch
 * @throws StepError `repository_locked` when one is so young that somebody may be at work on it
 */
export async function removeOrphans(execute: Execute, directory: string, after: number, now: number): Promise<void> {
  for (const name of await entries(directory)) {
    if (!/^\d{1,9}$/.test(name) || Number(name) <= after) continue;
    const folder = join(directory, name);
    const held = await entries(folder);
    const drafts = held.filter((entry) => entry.startsWith("info.xml.tmp-"));
    const hasSnapshot = held.includes("snapshot");
    if (held.length > drafts.length + (hasSnapshot ? 1 : 0)) continue;
    if (Math.abs(now - (await stat(folder)).mtimeMs) < graceMs) {
      throw new StepError("repository_locked", `snapper may still be at work on ${folder}`, {
        advice: "it is looked at again by the next reconciliation",
      });
    }
    const snapshot = join(folder, "snapshot");
    if (hasSnapshot && !(await isSubvolume(snapshot))) continue;
    if (hasSnapshot) await deleteSubvolume(execute, snapshot);
    for (const draft of drafts) await unlink(join(folder, draft));
    await rmdir(folder);
  }
}

async function entries(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
