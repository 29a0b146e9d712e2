import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { type RdbFile, readRdb } from "./rdb-file.ts";

export interface FoundDumps {
  /** The dump, or the one that the append-only files build on. */
  readonly dump: RdbFile;
  /** Its name. */
  readonly main: string;
  /** Everything that belongs to the server's data, relative to the folder. */
  readonly names: readonly string[];
}

/**
 * What a server has on its disk, in a snapshot of its folder: `dump.rdb`, and with `appendonly yes` the folder `appendonlydir`, which a
 * server that has it loads instead of the dump because it is newer. Then both are taken: the manifest's files have to be there and the
 * dump that they build on has to be whole. That the last of the append-only files may end in the middle of a command is how a snapshot of
 * a working server looks; the server mends it when it starts (`aof-load-truncated yes`, its default).
 * @throws StepError `source` when there is no dump, or something of it is missing; `verification` when it is not whole
 */
export async function findDumps(
  folder: string,
  file: string,
  options: { readonly moduleType?: string | undefined; readonly signal: AbortSignal },
): Promise<FoundDumps> {
  const present = new Set(await readdir(folder));
  if (present.has("appendonly.aof")) {
    throw new StepError("source", `${folder} has an append-only file as servers before version 7 wrote it`, {
      advice: "give the step the server's address instead of from: a dump of its own holds everything",
    });
  }
  const appended = present.has(directory) ? await readManifest(folder) : [];
  const base = appended.find(({ type }) => type === "b")?.name;
  const main = present.has(file) ? file : base;
  if (main === undefined) {
    throw new StepError("source", `there is no ${file} in ${folder}`, {
      advice: "name the folder that CONFIG GET dir tells, and as file what CONFIG GET dbfilename tells",
    });
  }
  const dump = await readRdb(join(folder, main), options);
  if (base !== undefined && base !== main && base.endsWith(".rdb")) await readRdb(join(folder, base), options);
  const names = [...appended.map(({ name }) => name), ...(appended.length > 0 ? [manifest] : [])];
  return { dump, main, names: [...(present.has(file) ? [file] : []), ...names] };
}

/** As the servers name them unless `appenddirname` and `appendfilename` say otherwise. */
const directory = "appendonlydir";
const manifest = `${directory}/appendonly.aof.manifest`;

/** `file appendonly.aof.1.base.rdb seq 1 type b`: b is the base, i what was appended since, h history that is not needed any more. */
async function readManifest(folder: string): Promise<readonly { readonly name: string; readonly type: string }[]> {
  const [text, present] = await Promise.all([
    readFile(join(folder, manifest), "utf8").catch(() => null),
    readdir(join(folder, directory)),
  ]);
  if (text === null && present.length === 0) return [];
  const lines = (text ?? "").split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const files = lines.map((line) => /^file (\S+) seq \d+ type ([bhi])/.exec(line)).filter((match) => match !== null);
  const missing = files.find(([, name = "", type]) => type !== "h" && !present.includes(name));
  if (text === null || files.length === 0 || files.length < lines.length || missing) {
    const what = missing ? `${missing[1]} is missing` : "its manifest cannot be read";
    throw new StepError("source", `the append-only files in ${folder}/${directory}: ${what}`, {
      advice: "give the step the server's address instead of from: a dump of its own holds everything",
    });
  }
  return files
    .filter(([, , type]) => type !== "h")
    .map(([, name = "", type = ""]) => ({ name: `${directory}/${name}`, type }));
}
