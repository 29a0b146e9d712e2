import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A filesystem in memory of the given size, unmounted with the test. @returns its mount point */
export function mountTmpfs(t: Pick<TestContext, "after">, size: string): string {
  const path = mkdtempSync(join(tmpdir(), "pantheros-tmpfs-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=755`, "tmpfs", path]);
  t.after(() => {
    execFileSync("umount", ["--lazy", path]);
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

export function remount(path: string, mode: "ro" | "rw"): void {
  execFileSync("mount", ["-o", `remount,${mode}`, path]);
}

/** Writes a file until nothing more fits. @returns removes it again */
export function fillUp(path: string): () => void {
  const filler = join(path, "filler");
  const file = openSync(filler, "w");
  const block = Buffer.alloc(64 * 1024);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(file);
  }
  return () => rmSync(filler);
}
