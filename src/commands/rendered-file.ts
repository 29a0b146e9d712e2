import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Invocation, UsageError } from "./command.ts";
import { writeWhole } from "./report-file.ts";

interface RenderedFile {
  readonly name: string;
  readonly text: string;
  /** Whether what stands there was made by us, and may be replaced. */
  readonly isOurs: (text: string) => boolean;
}

/**
 * Writes what was rendered into a folder, which is made where it is not there.
 * @returns the file's path
 * @throws UsageError when the file is somebody else's, or cannot be written
 */
export function writeRendered(output: string, { name, text, isOurs }: RenderedFile, invocation: Invocation): string {
  const folder = resolve(invocation.directory, output);
  const file = join(folder, name);
  if (!mayReplace(folder, file, isOurs))
    throw new UsageError(`${file} is there and was not made by pantheros\n  → choose another folder, or move it away`);
  writeWhole(file, [text], invocation.random, invocation.now);
  // Who reads it runs as a user of its own, and nothing in it is secret.
  chmodSync(file, 0o644);
  return file;
}

function mayReplace(folder: string, file: string, isOurs: RenderedFile["isOurs"]): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    return !existsSync(file) || isOurs(readFileSync(file, "utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${folder} cannot be used: ${why}\n  → choose a folder that you may write`);
  }
}
