import { existsSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";

/** What was loaded without its compiled code, or with one that did not fit. */
let unkept: { readonly script: Script; readonly place: string; readonly code: string } | null = null;

/**
 * Loads a file of CommonJS as `require` does, so that whoever requires it gets it, with the functions that were called when `keepCompiled`
 * was called last already compiled. Node's own compile cache holds a file as it is before any of its functions was called. Why that
 * matters: docs/decisions/0033-compiled-as-far-as-it-was-used.md.
 * @param file where it is not there – started from the sources –, nothing is done
 * @param folder of this build and this Node
 */
export function loadCompiled(file: string, folder: string): void {
  if (!existsSync(file)) return;
  const place = join(folder, "run.compiled");
  // In one line, so that line numbers stay those of the file.
  const code = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(file, "utf8")}\n})`;
  const cachedData = readKept(place, code);
  const script = new Script(code, { filename: file, ...(cachedData && { cachedData }) });
  if (cachedData === undefined || script.cachedDataRejected) unkept = { script, place, code };
  const require = module.createRequire(file);
  const loaded = new module.Module(file);
  loaded.filename = file;
  require.cache[file] = loaded;
  script.runInThisContext()(loaded.exports, require, loaded, file, dirname(file));
  loaded.loaded = true;
}

/** Keeps, for the next start, the code of all functions that were called until now: once, as long as it fits. */
export function keepCompiled(): void {
  if (unkept === null) return;
  const { script, place, code } = unkept;
  // One name for all: what was left by one that was killed is written anew by the next. Where two write at once the sum tells.
  const unfinished = `${place}.part`;
  try {
    const data = script.createCachedData();
    writeFileSync(unfinished, Buffer.concat([sumsOf(code, data), data]), { mode: 0o600, flush: true });
    renameSync(unfinished, place);
  } catch {
    // A folder that is gone, read-only or full costs the next start some milliseconds and nothing else.
    removeQuietly(unfinished);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made.
  }
}

/** @returns undefined: nothing, or not what was kept, or of another code */
function readKept(place: string, code: string): Buffer | undefined {
  try {
    const kept = readFileSync(place);
    const data = kept.subarray(sumBytes);
    return kept.subarray(0, sumBytes).equals(sumsOf(code, data)) ? data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * CRC-32 of the source and of what V8 made of it. V8 looks at neither: it takes for the same code what is of the same length, and one wrong bit would end
 * every run from then on.
 */
function sumsOf(code: string, data: Buffer): Buffer {
  const sums = Buffer.alloc(sumBytes);
  sums.writeUInt32LE(crc32(code));
  sums.writeUInt32LE(crc32(data), 4);
  return sums;
}
const sumBytes = 8;
