import { toStepError } from "../../model/run/outcome.ts";
import { deleteSubvolume, isSubvolumeThere, showSubvolume } from "../btrfs/btrfs.ts";
import type { Execute } from "../exec.ts";
import { type BtrbkCall, listUnfinished } from "./btrbk.ts";

/**
 * Removes what a killed send has left at local targets; btrbk would give up every later run because of it. `btrbk clean` would do more: it
 * takes whatever has the name of a backup and was not received, however old. Here only what is writable, as a whole backup never is, and
 * has come since.
 * @param startedAt when the run that was killed began, milliseconds since the epoch
 */
export async function removeUnfinished(execute: Execute, call: BtrbkCall, startedAt: number): Promise<void> {
  for (const path of await unfinished(execute, call)) {
    if (!path.startsWith("/") || !(await isSubvolumeThere(path))) continue;
    const { readOnly, receivedUuid, createdAt } = await showSubvolume(execute, path);
    // Btrfs tells whole seconds.
    if (readOnly || receivedUuid !== null || createdAt < Math.floor(startedAt / 1000)) continue;
    await deleteSubvolume(execute, path);
  }
}

/** Where its configuration is gone, so is the knowledge where to look. */
async function unfinished(execute: Execute, call: BtrbkCall): Promise<readonly string[]> {
  try {
    return await listUnfinished(execute, call);
  } catch (error) {
    if (toStepError(error).reason === "config") return [];
    throw error;
  }
}
