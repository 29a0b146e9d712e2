import { mkdir, open, readFile, realpath, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import * as z from "zod";
import { jsonOf } from "./restic/output.ts";

/** What tells one file from the one that takes its place: none of it can be the same by chance, and no program can set ctime. */
const known = z.object({
  file: z.string(),
  inode: z.string(),
  size: z.string(),
  modified: z.string(),
  changed: z.string(),
  version: z.string(),
});
type Known = z.infer<typeof known>;
const memory = z.array(known).max(100);

/** Programs that are remembered; those of the tests of one state directory, at most. */
const mostKnown = 20;

/**
 * The version of a program, asked for once and remembered for as long as its file stays the same. That a program is started for it costs more
 * than all else of a small run. Only of what is machine code: what a script says depends on other files.
 * @param notes the file in which it is remembered; one that cannot be read or written only costs asking again
 * @param ask starts the program. What it throws is thrown, and not remembered
 */
export async function rememberedVersion(program: string, notes: string, ask: () => Promise<string>): Promise<string> {
  const now = await identify(program);
  if (now === null) return await ask();
  const noted = await readNotes(notes);
  const same = noted.find((one) => Object.entries(now).every(([key, value]) => one[key as keyof Known] === value));
  if (same) return same.version;
  const version = await ask();
  const others = noted.filter(({ file }) => file !== now.file).slice(1 - mostKnown);
  await writeNotes(notes, [...others, { ...now, version }]);
  return version;
}

/** Null: it is not there, not readable, or no machine code. */
async function identify(program: string): Promise<Omit<Known, "version"> | null> {
  try {
    const file = await realpath(program);
    if (!(await isMachineCode(file))) return null;
    const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return { file, inode: `${ino}`, size: `${size}`, modified: `${mtimeNs}`, changed: `${ctimeNs}` };
  } catch {
    // Whatever is wrong with it is told by starting it.
    return null;
  }
}

async function isMachineCode(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1") === "\x7fELF";
  } finally {
    await handle.close();
  }
}

async function readNotes(notes: string): Promise<readonly Known[]> {
  try {
    return memory.safeParse(jsonOf(await readFile(notes, "utf8")), { jitless: true }).data ?? [];
  } catch {
    // The first time there is none; one that cannot be read is as good as none.
    return [];
  }
}

/** Whole or not at all. Two runs may write at once: one of them is remembered. */
async function writeNotes(notes: string, all: readonly Known[]): Promise<void> {
  const unfinished = `${notes}.${process.pid}`;
  try {
    await mkdir(dirname(notes), { recursive: true, mode: 0o700 });
    await writeFile(unfinished, JSON.stringify(all), { mode: 0o600 });
    await rename(unfinished, notes);
  } catch {
    // A full or read-only state directory must not cost a backup: it is asked for again.
  }
}
