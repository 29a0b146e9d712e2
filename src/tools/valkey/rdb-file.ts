import { createReadStream } from "node:fs";
import { StepError } from "../../model/run/outcome.ts";
import { cancellation } from "../cancellation.ts";
import { createRdbReader, RdbError, type RdbFacts } from "./rdb.ts";

export interface RdbFile extends RdbFacts {
  /** When the server began to write it, seconds; null where it does not say. */
  readonly savedAt: number | null;
  /** `Valkey 8.1.1`, as the dump says; null where it does not. */
  readonly server: string | null;
}

/** Large enough that reading costs little beside the checksum. */
const chunkBytes = 1024 * 1024;

/**
 * Reads a dump whole and proves it by its own checksum.
 * @param options.moduleType see `createRdbReader`
 * @throws StepError `verification` for what is no whole dump, `source` when it cannot be read, `cancelled`
 */
export async function readRdb(
  path: string,
  options: { readonly moduleType?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<RdbFile> {
  const reader = createRdbReader(options.moduleType);
  const { signal } = options;
  try {
    const stream = createReadStream(path, { highWaterMark: chunkBytes, ...(signal === undefined ? {} : { signal }) });
    for await (const chunk of stream) reader.add(chunk as Uint8Array);
    const facts = reader.end();
    const ctime = Number(facts.aux.get("ctime"));
    return { ...facts, savedAt: Number.isSafeInteger(ctime) ? ctime : null, server: serverOf(facts.aux) };
  } catch (cause) {
    if (signal?.aborted) throw cancellation(`reading ${path}`, signal);
    if (cause instanceof RdbError) {
      throw new StepError("verification", `${path} ${cause.message}`, {
        advice: "nothing of it was uploaded; run it again, and if it stays so, check disk and memory of the server",
        cause,
      });
    }
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StepError("source", `${path} cannot be read: ${message}`, {
      advice: "see that it is there and can be read",
      cause,
    });
  }
}

function serverOf(aux: ReadonlyMap<string, string>): string | null {
  const valkey = aux.get("valkey-ver");
  const redis = aux.get("redis-ver");
  if (valkey !== undefined) return `Valkey ${valkey}`;
  return redis === undefined ? null : `Redis ${redis}`;
}
