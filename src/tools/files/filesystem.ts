import { constants, readFileSync, readlinkSync } from "node:fs";
import { open, readFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { StepError } from "../../model/run/outcome.ts";

/** One line of /proc/self/mountinfo, see proc_pid_mountinfo(5). */
export interface Mount {
  readonly id: number;
  /** `major:minor` of the filesystem: the same for all mounts of it, also those of different Btrfs subvolumes. */
  readonly device: string;
  /** The directory of the filesystem that is mounted, from its top level: `/`, `/@home`. */
  readonly root: string;
  readonly mountPoint: string;
  /** `btrfs`, `ext4`, `tmpfs`, … */
  readonly type: string;
  /** `/dev/nvme0n1p2`, `tmpfs`, … */
  readonly source: string;
  readonly readOnly: boolean;
  /** What is in force for the whole filesystem, whatever this mount of it says: `rw,degraded,subvolid=5`. */
  readonly filesystemOptions: string;
  /** Of Btrfs: the subvolume that holds `root`; 5: the top level. 0 elsewhere. */
  readonly subvolumeId: number;
}

/** Where a path really is. */
export interface Place {
  readonly mount: Mount;
  /** Without symbolic links. */
  readonly path: string;
  /** From the top level of the filesystem, without a slash in front; empty: the top level itself. */
  readonly pathInFilesystem: string;
}

export interface Usage {
  readonly sizeBytes: number;
  readonly usedBytes: number;
  /** What a process without privileges may still write. */
  readonly availableBytes: number;
}

/** `f_type` of statfs(2), from the kernel's linux/magic.h. */
export const btrfsMagic = 0x9123683e;
/** Not in `node:fs`; the value of asm-generic/fcntl.h, which all of Node's platforms share. Opens without needing permission to read. */
const openPathOnly = 0o10000000;

export function parseMountinfo(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after] = line.split(" - ");
    const [id, , device, root, mountPoint, options = ""] = before.split(" ");
    const [type, source, superOptions = ""] = after?.split(" ") ?? [];
    if (device === undefined || root === undefined || mountPoint === undefined || !type || source === undefined)
      return [];
    return {
      id: Number(id),
      device,
      root: unescapeOctal(root),
      mountPoint: unescapeOctal(mountPoint),
      type,
      source: unescapeOctal(source),
      subvolumeId: Number(/(?:^|,)subvolid=(\d+)/.exec(superOptions)?.[1] ?? 0),
      filesystemOptions: superOptions,
      readOnly: [options, superOptions].some((list) => list.split(",").includes("ro")),
    };
  });
}

/** The kernel writes space, tab, newline and backslash as `\040`, `\011`, `\012`, `\134`. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

export async function readMounts(): Promise<readonly Mount[]> {
  return parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"));
}

/**
 * Asks the kernel in which mount a path is, so that symbolic links, bind mounts and mounts over mounts are what they are.
 * @param mounts as they were read a moment ago, by who asks for many paths @default they are read
 * @throws StepError `source` when the path is not there or cannot be reached
 */
export async function locate(path: string, mounts: readonly Mount[] = []): Promise<Place> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, openPathOnly | constants.O_NONBLOCK);
  } catch (cause) {
    throw unreachable(path, cause);
  }
  try {
    // The kernel answers these from memory, at once: waiting for a thread would cost more than they do.
    const info = readFileSync(`/proc/self/fdinfo/${handle.fd}`, "latin1");
    const real = readlinkSync(`/proc/self/fd/${handle.fd}`);
    const id = Number(/^mnt_id:\s*(\d+)$/m.exec(info)?.[1]);
    const isIt = (candidate: Mount) => candidate.id === id;
    const mount = mounts.find(isIt) ?? (await readMounts()).find(isIt);
    if (!mount)
      throw new StepError("source", `the mount that holds ${path} is not visible from here`, {
        advice:
          "run pantheros where it is mounted; a service may have mounts of its own (ProtectHome=, PrivateMounts=)",
      });
    const below = mount.mountPoint === "/" ? real : real.slice(mount.mountPoint.length);
    return { mount, path: real, pathInFilesystem: trimSlashes(`${mount.root}/${below}`) };
  } finally {
    await handle.close();
  }
}

/** `locate`, for a path that may not be there yet: of the nearest directory above it that is. */
export async function locateNearest(
  path: string,
  mounts: readonly Mount[] = [],
): Promise<{ readonly exists: boolean; readonly place: Place }> {
  for (let candidate = path; ; candidate = dirname(candidate)) {
    try {
      return { exists: candidate === path, place: await locate(candidate, mounts) };
    } catch (error) {
      if (candidate === "/" || !isMissing(error)) throw error;
    }
  }
}

/** The path by which something in a filesystem can be reached through a mount of it, or null. */
export function pathThrough(mount: Mount, pathInFilesystem: string): string | null {
  const root = trimSlashes(mount.root);
  if (root !== "" && pathInFilesystem !== root && !pathInFilesystem.startsWith(`${root}/`)) return null;
  const below = trimSlashes(pathInFilesystem.slice(root.length));
  const base = mount.mountPoint === "/" ? "" : mount.mountPoint;
  return below === "" ? mount.mountPoint : `${base}/${below}`;
}

/** What `df` shows. */
export async function usageOf(path: string): Promise<Usage> {
  const { bsize, blocks, bfree, bavail } = await statfs(path);
  return { sizeBytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize, availableBytes: bavail * bsize };
}

/** As df counts it: what is reserved for root is neither in use nor free. Null: there is nothing to share. */
export function shareUsed({ usedBytes, availableBytes }: Usage): number | null {
  const all = usedBytes + availableBytes;
  return all > 0 ? usedBytes / all : null;
}

export function isMissing(error: unknown): boolean {
  const cause = error instanceof StepError ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** For `catch`: what is not there is null; what cannot be looked at is not gone. */
export function ifMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

function unreachable(path: string, cause: unknown): StepError {
  const missing = isMissing(cause);
  const message = missing ? `${path} is not there` : `${path} cannot be reached: ${(cause as Error).message}`;
  return new StepError("source", message, {
    advice: missing
      ? "see that the path is right and that it is mounted"
      : "run pantheros as a user who may look there",
    cause,
  });
}

function trimSlashes(path: string): string {
  return path.replaceAll(/\/+/g, "/").replaceAll(/^\/|\/$/g, "");
}
