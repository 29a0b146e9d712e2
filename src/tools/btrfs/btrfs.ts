import { lstat, stat, statfs } from "node:fs/promises";
import { type Reason, StepError } from "../../model/run/outcome.ts";
import type { Execute, ToolResult } from "../exec.ts";
import { btrfsMagic, isMissing, type Mount } from "../files/filesystem.ts";
import { killed } from "../process/killed.ts";
import {
  fromTopLevel,
  type ListedSubvolume,
  listColumns,
  parseSnapshotList,
  parseSubvolumeList,
  snapshotColumns,
  withTimes,
} from "./list.ts";
import { parseSubvolumeShow, type ShownSubvolume } from "./show.ts";

/** The root directory of every subvolume has this inode number, and nothing else on Btrfs has (kernel: BTRFS_FIRST_FREE_OBJECTID). */
const subvolumeInode = 256;

/** Whether a path is the root of a Btrfs subvolume; needs no privilege. @throws the error of stat(2) */
export async function isSubvolume(path: string): Promise<boolean> {
  const { ino } = await stat(path);
  return ino === subvolumeInode && (await isBtrfs(path));
}

/** `isSubvolume`, for a path that may not be there. */
export async function isSubvolumeThere(path: string): Promise<boolean> {
  return (await isThere(path)) && (await isSubvolume(path));
}

export async function isBtrfs(path: string): Promise<boolean> {
  return (await statfs(path)).type === btrfsMagic;
}

/** Every subvolume and snapshot of a mounted Btrfs, by paths from its top level; those that have a parent have their time. Needs CAP_SYS_ADMIN. */
export async function listSubvolumes(execute: Execute, mount: Mount): Promise<readonly ListedSubvolume[]> {
  // Two looks at the same time: only a list of snapshots tells times, and it misses what was received.
  const [all, snapshots] = await Promise.all([
    list(execute, mount, listColumns),
    list(execute, mount, snapshotColumns),
  ]);
  return fromTopLevel(withTimes(parseSubvolumeList(all), parseSnapshotList(snapshots)), mount.subvolumeId);
}

/** `listSubvolumes` without any time, for half the work. */
export async function listWithoutTimes(execute: Execute, mount: Mount): Promise<readonly ListedSubvolume[]> {
  return fromTopLevel(parseSubvolumeList(await list(execute, mount, listColumns)), mount.subvolumeId);
}

/** Ids of the subvolumes and snapshots that nothing can be written to. */
export async function listReadOnlyIds(execute: Execute, mount: Mount): Promise<ReadonlySet<number>> {
  const readOnly = parseSubvolumeList(await list(execute, mount, `${listColumns}r`));
  return new Set(readOnly.map(({ id }) => id));
}

async function list(execute: Execute, { mountPoint }: Mount, columns: string): Promise<string> {
  const argv = ["subvolume", "list", columns, "--", mountPoint];
  return (await btrfs(execute, argv, `the subvolumes of ${mountPoint} cannot be listed`)).stdout;
}

/** Needs CAP_SYS_ADMIN. @throws StepError `source` when there is nothing, `config` when it is no subvolume, `auth` */
export async function showSubvolume(execute: Execute, path: string): Promise<ShownSubvolume> {
  const { stdout } = await btrfs(execute, ["subvolume", "show", "--", path], `${path} cannot be examined`);
  return parseSubvolumeShow(stdout, path);
}

/** `showSubvolume`, wherever it is on the filesystem that holds `path`. */
export async function showByUuid(execute: Execute, path: string, uuid: string): Promise<ShownSubvolume> {
  const failed = `the subvolume ${uuid} on the filesystem of ${path} cannot be examined`;
  const { stdout } = await btrfs(execute, ["subvolume", "show", "-u", uuid, "--", path], failed);
  return parseSubvolumeShow(stdout, uuid);
}

/** Makes a read-only snapshot under exactly this path, or says that the path is taken; in between there is nothing. */
export async function createSnapshot(
  execute: Execute,
  source: string,
  destination: string,
): Promise<"created" | "taken"> {
  // Where the destination is a directory, `btrfs` would put the snapshot inside it under the source's last name. A source that ends in
  // "/." has no last name that could be used, so that this is refused: the path is either made or left alone.
  const result = await execute({ argv: ["btrfs", "subvolume", "snapshot", "-r", "--", `${source}/.`, destination] });
  if (result.exitCode === 0) return "created";
  if (await isThere(destination)) return "taken";
  throw btrfsFailure(`no snapshot of ${source} could be made as ${destination}`, result);
}

/** Removes a subvolume; durable only after `commit`. */
export async function deleteSubvolume(execute: Execute, path: string): Promise<void> {
  await btrfs(execute, ["subvolume", "delete", "--", path], `${path} could not be removed`);
}

/** Waits until what was done to the filesystem is on its disks. */
export async function commit(execute: Execute, path: string): Promise<void> {
  await btrfs(execute, ["filesystem", "sync", "--", path], `the filesystem of ${path} could not be synced`);
}

async function btrfs(execute: Execute, args: readonly string[], failed: string): Promise<ToolResult> {
  const result = await execute({ argv: ["btrfs", ...args] });
  if (result.exitCode !== 0) throw btrfsFailure(failed, result);
  return result;
}

const failures: readonly (readonly [RegExp, Reason, string])[] = [
  [
    /No space left on device|Disk quota exceeded/,
    "space",
    "see btrfs filesystem usage; remove old snapshots, or balance when space is only unallocated",
  ],
  [
    /Operation not permitted|Permission denied/,
    "auth",
    "run it as root, or with CAP_SYS_ADMIN; a snapshot that btrfs send reads cannot be removed meanwhile",
  ],
  [
    /Read-only file system/,
    "source",
    "see dmesg: Btrfs turns itself read-only after an error; otherwise mount -o remount,rw",
  ],
  [
    /Input\/output error|Structure needs cleaning/,
    "source",
    "see dmesg and btrfs device stats: the disk or the filesystem is damaged",
  ],
  [
    /not a btrfs (?:filesystem|subvolume)|Invalid cross-device link/i,
    "config",
    "name a Btrfs subvolume; see btrfs subvolume list",
  ],
  [
    /No such file or directory|cannot access|can.t find (?:uuid|rootid)/,
    "source",
    "see that the path is right and that it is mounted",
  ],
];

/** A failed `btrfs` as what it means. Its exit code is 1 whatever happened; the message tells. */
export function btrfsFailure(failed: string, { stderr, exitCode, signal }: ToolResult): StepError {
  if (signal !== null) return killed(`${failed} with btrfs`, { exitCode, signal }, stderr);
  const [, reason, advice] = failures.find(([message]) => message.test(stderr)) ?? [
    null,
    "unknown" as const,
    "see dmesg, and what btrfs says when it is called by hand",
  ];
  const [, said = stderr.trim() || "btrfs gave no reason"] = /^ERROR: (.*)$/m.exec(stderr) ?? [];
  return new StepError(reason, `${failed}: ${said}`, { exitCode, signal, tail: stderr, advice });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
