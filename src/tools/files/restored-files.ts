import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { StepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";
import { fileTree } from "./tree.ts";

/** What a restore left behind, and what of it could be held against the source. */
export interface RestoredFiles {
  readonly files: number;
  readonly bytes: number;
  /** Same size and time of change as at the source, and the same content. */
  readonly compared: number;
  /** Changed or gone at the source since, so that there is nothing to compare with. */
  readonly changedSince: number;
}

/**
 * Looks at everything below a folder that a restore filled.
 * @param expected sizes by path, when it is known what has to be there; paths begin with a slash
 * @param sources folders below which the same paths are the source, the best first; empty: nothing is compared
 * @throws StepError `verification` when a file is missing, of another size, or differs from a source that has not changed; `cancelled`
 */
export async function examineRestored(
  folder: string,
  expected: ReadonlyMap<string, number> | null,
  sources: readonly string[],
  signal: AbortSignal,
  onFile: (files: number, bytes: number) => void,
): Promise<RestoredFiles> {
  let [files, bytes, compared, changedSince] = [0, 0, 0, 0];
  const missing = new Map(expected ?? []);
  for await (const found of fileTree(folder, signal).files) {
    const path = `/${found.path.toString("utf8")}`;
    files += 1;
    bytes += found.size;
    const size = missing.get(path);
    if (size !== undefined && size !== found.size) throw ofOtherSize(path, size, found.size);
    missing.delete(path);
    const verdict = await compare(
      Buffer.concat([Buffer.from(join(folder, "/")), found.path]),
      found.path,
      sources,
      signal,
    );
    if (verdict === "different") throw different(path);
    if (verdict === "same") compared += 1;
    if (verdict === "changed") changedSince += 1;
    onFile(files, bytes);
  }
  const [lost] = missing.keys();
  if (lost !== undefined) throw notRestored(lost, missing.size);
  return { files, bytes, compared, changedSince };
}

async function compare(restored: Buffer, path: Buffer, sources: readonly string[], signal: AbortSignal) {
  if (sources.length === 0) return "unknown" as const;
  const mine = await lstat(restored, { bigint: true });
  for (const root of sources) {
    const source = Buffer.concat([Buffer.from(join(root, "/")), path]);
    if (!isUnchanged(await look(source), mine)) continue;
    const [one, other] = [await hash(restored, signal), await hash(source, signal)];
    if (one === other) return "same" as const;
    // It may have been written to while it was read: then it is not unchanged any more.
    return isUnchanged(await look(source), mine) ? ("different" as const) : ("changed" as const);
  }
  return "changed" as const;
}

/** restic gives back the time of the last change to the nanosecond. */
function isUnchanged(source: BigIntStats | null, restored: BigIntStats): boolean {
  return source?.isFile() === true && source.size === restored.size && source.mtimeNs === restored.mtimeNs;
}

async function look(path: Buffer): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

async function hash(path: Buffer, signal: AbortSignal): Promise<string> {
  const sum = createHash("sha256");
  try {
    await pipeline(createReadStream(path), sum, { signal });
  } catch (cause) {
    if (signal.aborted) throw cancellation(`reading ${path.toString("utf8")}`, signal);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StepError("source", `${path.toString("utf8")} cannot be read: ${message}`, {
      advice: "run it as a user who may read it, and look at the disk",
      cause,
    });
  }
  return sum.digest("hex");
}

const distrust = "check the repository with all of its data, and make a new backup";

function ofOtherSize(path: string, expected: number, found: number): StepError {
  return new StepError("verification", `${path} was restored with ${found} instead of ${expected} bytes`, {
    advice: distrust,
  });
}

function different(path: string): StepError {
  return new StepError(
    "verification",
    `${path} was restored with another content than the source has, which did not change`,
    {
      advice: `${distrust}; if something changes files without their times, tell which files with include`,
    },
  );
}

function notRestored(path: string, count: number): StepError {
  return new StepError("verification", `${count} files of the snapshot were not restored, e.g. ${path}`, {
    advice: distrust,
  });
}
