import { closeSync, fsyncSync, lstatSync, openSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "./command.ts";

/** Milliseconds: nobody is still writing a draft that has not grown for so long. */
const abandoned = 600_000;

/** @throws UsageError when something is there that must not, or cannot, be replaced */
export function requireNewFile(file: string, force: boolean): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isFile())
    throw new UsageError(`${file} is there and is no regular file\n  → name a file that can be written`);
  if (!force) throw new UsageError(`${file} exists already\n  → to replace it: --force`);
}

/**
 * Writes a file whole or not at all: under another name first, so that nobody reads half of it, and what was there stays until then.
 * @param random 0 ≤ x < 1
 * @param now milliseconds since the epoch; with it, what an earlier call left there when it was killed goes away
 * @throws UsageError when the folder or the disk does not allow it
 */
export function writeWhole(file: string, pieces: Iterable<string>, random: () => number, now?: () => number): void {
  // A name that nobody can foresee, and that must be new: in a folder that others can write it could be a link of theirs.
  const draft = `${file}.${Math.floor(random() * 36 ** 8).toString(36)}.part`;
  try {
    if (now) removeAbandonedDrafts(file, now());
    const opened = openSync(draft, "wx", 0o640);
    try {
      for (const piece of pieces) writeAll(opened, Buffer.from(piece));
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `${file} cannot be written: ${why}\n  → choose a folder that you may write and that has space`,
    );
  }
}

function removeAbandonedDrafts(file: string, now: number): void {
  const folder = dirname(file);
  const begin = `${basename(file)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(begin) || !/^[0-9a-z]{1,8}\.part$/.test(name.slice(begin.length))) continue;
    const draft = join(folder, name);
    const found = lstatSync(draft, { throwIfNoEntry: false });
    if (found?.isFile() && now - found.mtimeMs > abandoned) rmSync(draft, { force: true });
  }
}

function writeAll(opened: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(opened, bytes, written);
}
