import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { largestInMemory, mostParts, partSize } from "../../model/archive/part-sizes.ts";
import { StepError } from "../../model/run/outcome.ts";
import { fileFailure } from "../files/failure.ts";

/** Bytes of a part that are too many for memory. */
export interface SpooledPart {
  readonly path: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

export interface UploadPart {
  /** From 1. */
  readonly number: number;
  readonly content: Uint8Array | SpooledPart;
  /** To be called when its content is not needed any more: its place is used again. */
  readonly release: () => Promise<void>;
}

export interface PartSettings {
  readonly expectedBytes: number;
  /** A folder for parts that are too large for memory; asked for only then. */
  readonly spool: () => Promise<string>;
}

/** Where one part is collected. */
interface Bin {
  readonly capacity: number;
  readonly size: () => number;
  readonly add: (bytes: Buffer) => Promise<void>;
  readonly finish: () => Promise<Omit<UploadPart, "number">>;
}

/**
 * Cuts a stream into parts, and uses its chunks up: nobody else may look at them afterwards. No more bytes are held in memory than those of the parts that were not released, and of one more.
 * @throws StepError as `fileFailure` (spooling), `unknown` (more parts than there can be), and what the stream throws
 */
export async function* cutIntoParts(
  bytes: AsyncIterable<Buffer>,
  { expectedBytes, spool }: PartSettings,
): AsyncGenerator<UploadPart> {
  const free: Buffer[] = [];
  let directory: Promise<string> | undefined;
  let number = 0;
  let bin: Bin | undefined;

  async function newBin(): Promise<Bin> {
    number += 1;
    if (number > mostParts) throw tooLarge();
    const capacity = partSize(number, expectedBytes);
    if (capacity <= largestInMemory) return inMemory(free.pop() ?? Buffer.allocUnsafeSlow(capacity), free);
    directory ??= spool();
    return inFile(join(await directory, `part-${number}`), capacity);
  }

  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; ) {
      bin ??= await newBin();
      const to = Math.min(chunk.length, from + bin.capacity - bin.size());
      await bin.add(chunk.subarray(from, to));
      from = to;
      if (bin.size() < bin.capacity) continue;
      yield { number, ...(await bin.finish()) };
      bin = undefined;
    }
    giveBack(chunk);
  }
  if (bin !== undefined) yield { number, ...(await bin.finish()) };
}

/**
 * Frees what a chunk was read into: left to the garbage collector, it grows by tens of megabytes and a good part of the time goes into
 * collecting. A chunk that shares its memory with others is left alone.
 */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}

function inMemory(buffer: Buffer, free: Buffer[]): Bin {
  let size = 0;
  return {
    capacity: buffer.length,
    size: () => size,
    async add(bytes) {
      size += bytes.copy(buffer, size);
    },
    finish: async () => ({ content: buffer.subarray(0, size), release: async () => void free.push(buffer) }),
  };
}

function inFile(path: string, capacity: number): Bin {
  const hash = createHash("sha256");
  let file: FileHandle | undefined;
  let size = 0;
  return {
    capacity,
    size: () => size,
    async add(bytes) {
      try {
        file ??= await open(path, "w", 0o600);
        await file.writeFile(bytes);
      } catch (cause) {
        await file?.close();
        throw fileFailure(
          `a part of the upload cannot be kept in ${path}`,
          cause,
          "set scratch_directory to another place",
        );
      }
      hash.update(bytes);
      size += bytes.length;
    },
    async finish() {
      await file?.close();
      return { content: { path, size, sha256: hash.digest("hex") }, release: () => rm(path, { force: true }) };
    },
  };
}

function tooLarge(): StepError {
  return new StepError("unknown", `it takes more than ${mostParts} parts to upload it`, {
    advice: "it is far larger than what was expected of it: archive smaller subvolumes",
  });
}
