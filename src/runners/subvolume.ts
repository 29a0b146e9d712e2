import * as z from "zod";
import type { SubvolumeConfig } from "../config/sections/places.ts";
import { StepError } from "../model/run/outcome.ts";
import { isBtrfs, isSubvolume } from "../tools/btrfs/btrfs.ts";
import type { ShownSubvolume } from "../tools/btrfs/show.ts";
import { locate, locateNearest } from "../tools/files/filesystem.ts";
import type { RunnerContext } from "./runner.ts";

/** What Btrfs says of a snapshot, as part of what a step shows. */
export const snapshotEvidence = () => ({
  uuid: z.string().nullable().meta({ description: "Its Btrfs UUID; null in a dry run" }),
  parent_uuid: z
    .string()
    .nullable()
    .meta({ description: "UUID of the subvolume that it was made of; null in a dry run" }),
  created_at: z.string().nullable().meta({ description: "When Btrfs made it, ISO 8601 in UTC; null in a dry run" }),
});

/** @throws StepError `config` when the configuration has no subvolume of that name */
export function declaredSubvolume(name: string, { config }: Pick<RunnerContext, "config">): SubvolumeConfig {
  const found = Object.hasOwn(config.subvolumes, name) ? config.subvolumes[name] : undefined;
  if (found) return { ...found, snapshots: found.snapshots.replace(/(?<=.)\/+$/, "") };
  throw new StepError("config", `there is no subvolume called ${name}`, { advice: "declare it in subvolumes" });
}

/** @throws StepError `source` when there is nothing, `config` when it is no subvolume of a Btrfs */
export async function requireSubvolume(path: string): Promise<void> {
  const { mount } = await locate(path);
  if (!(await isBtrfs(path))) {
    throw new StepError("config", `${path} is on ${mount.type}, not on Btrfs`, {
      advice: "see that the Btrfs filesystem is mounted there, or name another path",
    });
  }
  if (!(await isSubvolume(path))) {
    throw new StepError("config", `${path} is not a Btrfs subvolume, only a directory or file in one`, {
      advice: `name the subvolume that holds it (btrfs subvolume list ${mount.mountPoint}), or make one of it`,
    });
  }
}

/**
 * A tool's word is not enough: what Btrfs itself says of the snapshot has to fit.
 * @param before UUIDs of what was on the filesystem before the tool was let work: the snapshot must have come since
 * @throws StepError `verification`
 */
export function proveSnapshot(
  shown: ShownSubvolume,
  source: ShownSubvolume,
  path: string,
  sourcePath: string,
  before: ReadonlySet<string> = new Set(),
): ShownSubvolume {
  const doubts = [
    ...(shown.readOnly ? [] : ["it is not read-only"]),
    ...(shown.parentUuid === source.uuid ? [] : [`its parent is ${shown.parentUuid}, not ${source.uuid}`]),
    ...(shown.uuid === source.uuid ? ["it is the source itself"] : []),
    ...(before.has(shown.uuid) ? ["it was there before this run"] : []),
  ];
  if (doubts.length === 0) return shown;
  throw new StepError("verification", `${path} is no new snapshot of ${sourcePath}: ${doubts.join(", ")}`, {
    advice: `look at it: btrfs subvolume show ${path}; somebody else may be working in that directory`,
  });
}

/** Whether two paths are the same place, whatever mounts and symbolic links lead there. @throws StepError `source` */
export async function isSamePlace(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([locate(path), locate(other)]);
  return one.mount.device === two.mount.device && one.pathInFilesystem === two.pathInFilesystem;
}

/**
 * The path by which what looks at snapshots from outside will know one: below the declared directory where it is in there, whatever mount
 * the tool went through.
 * @param folder where the tool keeps it; must be there
 * @param name of the snapshot in it
 */
export async function pathAsDeclared(folder: string, name: string, snapshots: string): Promise<string> {
  const [{ place: declared }, actual] = await Promise.all([locateNearest(snapshots), locate(folder)]);
  const above = declared.pathInFilesystem === "" ? "" : `${declared.pathInFilesystem}/`;
  const below = `${actual.pathInFilesystem}/${name}`.replace(/^\//, "");
  if (actual.mount.device !== declared.mount.device || !below.startsWith(above)) return `${folder}/${name}`;
  return `${snapshots}/${below.slice(above.length)}`;
}
