import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { S3File } from "./interface.ts";

/** What is handed to the connection at once: encrypted as a whole, a part would be in memory twice. */
const sliceBytes = 128 * 1024;

/** Content as it is sent. */
export interface SentContent {
  readonly body: Readable;
  /** Bytes. */
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Content piece by piece, to be destroyed when it was sent or could not be. */
export function sentContent(content: Uint8Array | S3File): SentContent {
  if (!(content instanceof Uint8Array)) return { ...content, body: createReadStream(content.path) };
  return {
    body: Readable.from(slices(content), { objectMode: false, highWaterMark: sliceBytes }),
    size: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  };
}

function* slices(content: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < content.length; from += sliceBytes) yield content.subarray(from, from + sliceBytes);
}
