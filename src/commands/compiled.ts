import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";

/** What was loaded without its compiled code, or with one that did not fit. */
let unkept: { readonly script: Script; readonly place: string } | null = null;

/**
 * Loads a file of CommonJS as `require` does, so that whoever requires it gets it, with the functions that were called when `keepCompiled`
 * was called last already compiled. Node's own compile cache holds a file as it is before any of its functions was called. Why that
 * matters: docs/decisions/0033-compiled-as-far-as-it-was-used.md.
 * @param file where it is not there – started from the sources –, nothing is done
 * @param folder of this very build and this very Node: V8 takes for the same code what is of the same length
 */
export function loadCompiled(file: string, folder: string): void {
  if (!existsSync(file)) return;
  const place = join(folder, "run.compiled");
  const cachedData = readWhole(place);
  // In one line, so that line numbers stay those of the file.
  const code = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(file, "utf8")}\n})`;
  const script = new Script(code, { filename: file, ...(cachedData && { cachedData }) });
  if (cachedData === undefined || script.cachedDataRejected) unkept = { script, place };
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
  const { script, place } = unkept;
  const own = `${place}.${process.pid}`;
  try {
    const data = script.createCachedData();
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(data));
    writeWhole(own, [sum, data]);
    renameSync(own, place);
  } catch {
    // A folder that is gone, read-only or full costs the next start some milliseconds and nothing else.
    removeQuietly(own);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made.
  }
}

/** V8 believes what it is given: without a sum of its own, one wrong bit would end every run from then on. @returns undefined: nothing, or not what was kept */
function readWhole(place: string): Buffer | undefined {
  try {
    const kept = readFileSync(place);
    const data = kept.subarray(4);
    return kept.readUInt32LE() === crc32(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function writeWhole(place: string, parts: readonly Buffer[]): void {
  const descriptor = openSync(place, "w", 0o600);
  try {
    for (const part of parts) writeSync(descriptor, part);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
