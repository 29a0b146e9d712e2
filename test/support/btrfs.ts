import { execFileSync } from "node:child_process";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/**
 * A real Btrfs filesystem in a file, mounted for one test and gone afterwards.
 * @param options.mkfs further arguments of mkfs.btrfs, e.g. `--mixed`, which fills up at once
 * @returns its mount point
 */
export function mountBtrfs(
  t: Pick<TestContext, "after">,
  options: { readonly mebibytes?: number; readonly mkfs?: readonly string[] } = {},
): string {
  const base = mkdtempSync(join(tmpdir(), "pantheros-btrfs-"));
  const image = join(base, "image");
  const mountPoint = join(base, "mnt");
  mkdirSync(mountPoint);
  writeFileSync(image, "");
  truncateSync(image, (options.mebibytes ?? 512) * 1024 * 1024);
  execFileSync("mkfs.btrfs", ["-q", ...(options.mkfs ?? []), image], { stdio: "pipe" });
  execFileSync("mount", ["-o", "loop", image, mountPoint]);
  t.after(() => {
    // Lazy: a test that failed may have left a process with a file open; the loop device goes with the last user.
    execFileSync("umount", ["--lazy", mountPoint]);
    rmSync(base, { recursive: true, force: true });
  });
  return mountPoint;
}

/** Creates a subvolume with one small file. @returns its path */
export function createSubvolume(mountPoint: string, name: string): string {
  const path = join(mountPoint, name);
  execFileSync("btrfs", ["-q", "subvolume", "create", path]);
  writeFileSync(join(path, "file.txt"), "content\n");
  return path;
}

/** A real Btrfs on several loop devices, each a file. */
export interface ManyDevices {
  readonly mountPoint: string;
  readonly uuid: string;
  readonly devices: readonly string[];
  /** Unmounts it and mounts it again, by its first device. */
  remount(options: string): void;
  /** Unmounts it, takes its last device away, and mounts what is left. */
  loseLastDevice(): void;
}

/** @param options.mkfs profiles and whatever else mkfs.btrfs takes @param options.mebibytes of each device */
export function mountManyDevices(
  t: Pick<TestContext, "after">,
  options: { readonly count: number; readonly mkfs: readonly string[]; readonly mebibytes?: readonly number[] },
): ManyDevices {
  const base = mkdtempSync(join(tmpdir(), "pantheros-btrfs-"));
  const mountPoint = join(base, "mnt");
  mkdirSync(mountPoint);
  const devices: string[] = [];
  const run = (...[program, ...args]: readonly [string, ...string[]]) =>
    execFileSync(program, args, { stdio: "pipe", encoding: "utf8" }).trim();
  let isMounted = false;
  t.after(() => {
    if (isMounted) run("umount", "--lazy", mountPoint);
    for (const device of devices) run("losetup", "--detach", device);
    rmSync(base, { recursive: true, force: true });
  });
  for (let index = 0; index < options.count; index += 1) {
    const image = join(base, `image-${index}`);
    writeFileSync(image, "");
    truncateSync(image, (options.mebibytes?.[index] ?? 300) * 1024 * 1024);
    devices.push(run("losetup", "--find", "--show", image));
  }
  run("mkfs.btrfs", "-q", ...options.mkfs, ...devices);
  const mount = (...more: readonly string[]) => {
    const others = devices.slice(1).map((device) => `device=${device}`);
    run("mount", "-o", [...others, ...more].join(","), devices[0] as string, mountPoint);
    isMounted = true;
  };
  const umount = () => {
    run("umount", mountPoint);
    isMounted = false;
  };
  mount("rw");
  return {
    mountPoint,
    uuid: run("findmnt", "-no", "UUID", mountPoint),
    devices,
    remount(more) {
      umount();
      mount(more);
    },
    loseLastDevice() {
      umount();
      const lost = devices.pop() as string;
      // The kernel remembers devices that it has seen until it is told to forget them.
      run("btrfs", "device", "scan", "--forget", lost);
      run("losetup", "--detach", lost);
      mount("degraded");
    },
  };
}

/** Overwrites a part of a device behind the filesystem's back. */
export function corrupt(device: string, range: { readonly mebibyte: number; readonly mebibytes: number }): void {
  const file = openSync(device, "r+");
  try {
    const rubbish = Buffer.alloc(1024 * 1024, "rubbish ");
    for (let each = 0; each < range.mebibytes; each += 1) {
      writeSync(file, rubbish, 0, rubbish.length, (range.mebibyte + each) * 1024 * 1024);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
