import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { crc32 } from "node:zlib";
import { redact } from "../model/secret.ts";
import type { LoadedConfig } from "./load.ts";

/** Where checked configurations are remembered. */
export interface ConfigMemory {
  /** What is found there is taken for checked. */
  readonly folder: string;
  /** Whether nobody else can write that folder or file. */
  readonly isPrivate: (path: string) => boolean;
  /** Other for every program that could check otherwise. */
  readonly checkedBy: string;
}

/** Who checks many files does not fill the folder with them. */
const places = 16;

/** What a configuration of this very text came to when this program checked it last; null: it has to be checked. */
export function recallConfig(memory: ConfigMemory, file: string, text: string): LoadedConfig | null {
  const place = placeOf(memory, file);
  try {
    if (!memory.isPrivate(memory.folder) || !memory.isPrivate(place)) return null;
    const kept = JSON.parse(readFileSync(place, "utf8"));
    if (kept.checkedBy !== memory.checkedBy || kept.text !== text || kept.file !== file) return null;
    return { file, config: kept.config, steps: new Map(kept.steps) };
  } catch {
    // Nothing there, or half of it: then it is checked.
    return null;
  }
}

/** Remembers a configuration that has no problems; where that is not possible, it is checked again the next time. */
export function rememberConfig(memory: ConfigMemory, text: string, loaded: LoadedConfig): void {
  // An address may hold a password, and what is remembered outlives its correction.
  if (redact(text, []) !== text) return;
  const { file, config, steps } = loaded;
  const kept = JSON.stringify({ checkedBy: memory.checkedBy, file, text, config, steps: [...steps] });
  // What JSON cannot say would come back as something else.
  const told = JSON.parse(kept);
  if (!isDeepStrictEqual([told.config, told.steps], [config, [...steps]])) return;
  try {
    mkdirSync(memory.folder, { recursive: true, mode: 0o700 });
    if (memory.isPrivate(memory.folder)) writeFileSync(placeOf(memory, file), kept, { mode: 0o600 });
  } catch {
    // A folder that is read-only or full costs some milliseconds and nothing else.
  }
}

function placeOf({ folder }: ConfigMemory, file: string): string {
  return join(folder, `configuration-${crc32(file) % places}.json`);
}
