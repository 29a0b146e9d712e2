import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Seen } from "../../model/layout/sight.ts";

/** Enough to tell a directory that was filled before its attribute was set from one that was not, and quick in any directory. */
const mostFiles = 64;
const mostDirectories = 32;
const mostNames = 2000;

/** Whether a directory holds nothing. */
export async function isEmptyDirectory(path: string): Promise<Seen<boolean>> {
  try {
    return { known: true, value: (await readdir(path)).length === 0 };
  } catch (error) {
    return { known: false, why: `${path}: ${(error as Error).message}` };
  }
}

/** Some regular files with data below a directory, those nearest to it first; nothing of what else is mounted or nested there. */
export async function sampleFiles(directory: string): Promise<readonly string[]> {
  const files: string[] = [];
  const dev = (await lstatOrGone(directory))?.dev;
  const waiting = [directory];
  for (let looked = 0; looked < mostDirectories && files.length < mostFiles; looked += 1) {
    const current = waiting.shift();
    if (current === undefined) break;
    for (const entry of await entriesOf(current)) {
      const path = join(current, entry.name);
      if (!entry.isDirectory() && !entry.isFile()) continue;
      const found = await lstatOrGone(path);
      if (!found || found.dev !== dev) continue;
      if (entry.isDirectory()) waiting.push(path);
      else if (found.size > 0 && files.length < mostFiles) files.push(path);
    }
  }
  return files;
}

/** What cannot be read or vanishes meanwhile is no part of a sample. */
async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    return (await readdir(directory, { withFileTypes: true })).slice(0, mostNames);
  } catch {
    return [];
  }
}

async function lstatOrGone(path: string) {
  try {
    return await lstat(path);
  } catch {
    return null;
  }
}
