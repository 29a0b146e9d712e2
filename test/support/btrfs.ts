import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
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
