import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { jsonOf } from "./restic/output.ts";

/** What tells one file from the one that takes its place: none of it can be the same by chance, and no program can set ctime. */
const fields = ["file", "inode", "size", "modified", "changed", "version"] as const;
type Known = Readonly<Record<(typeof fields)[number], string>>;
/** A longer list is not one of ours. */
const mostNoted = 100;

/** Programs that are remembered; those of the tests of one state directory, at most. */
const mostKnown = 20;

/**
 * The version of a program, asked for once and remembered for as long as its file stays the same. That a program is started for it costs more
 * than all else of a small run. Only of what is machine code: what a script says depends on other files.
 * @param notes the file in which it is remembered; one that cannot be read or written only costs asking again
 * @param ask starts the program. What it throws is thrown, and not remembered
 */
export async function rememberedVersion(program: string, notes: string, ask: () => Promise<string>): Promise<string> {
  const now = identify(program);
  if (now === null) return await ask();
  const noted = readNotes(notes);
  const same = noted.find((one) => Object.entries(now).every(([key, value]) => one[key as keyof Known] === value));
  if (same) return same.version;
  const version = await ask();
  const others = noted.filter(({ file }) => file !== now.file).slice(1 - mostKnown);
  await writeNotes(notes, [...others, { ...now, version }]);
  return version;
}

/**
 * At once, as starting the program would read it: by way of the thread pool these looks take 5 ms of every backup.
 * @returns null: it is not there, not readable, or no machine code
 */
function identify(program: string): Omit<Known, "version"> | null {
  try {
    const file = realpathSync(program);
    if (!isMachineCode(file)) return null;
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return { file, inode: `${ino}`, size: `${size}`, modified: `${mtimeNs}`, changed: `${ctimeNs}` };
  } catch {
    // Whatever is wrong with it is told by starting it.
    return null;
  }
}

function isMachineCode(file: string): boolean {
  const opened = openSync(file, "r");
  try {
    const first = Buffer.alloc(4);
    readSync(opened, first, 0, 4, 0);
    return first.toString("latin1") === "\x7fELF";
  } finally {
    closeSync(opened);
  }
}

function readNotes(notes: string): readonly Known[] {
  try {
    const noted = jsonOf(readFileSync(notes, "utf8"));
    // By hand: a schema would have to be made before each backup.
    const isKnown = (one: Partial<Known> | null) => fields.every((field) => typeof one?.[field] === "string");
    return Array.isArray(noted) && noted.length <= mostNoted && noted.every(isKnown) ? noted : [];
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
