import { createCrc64 } from "../crc64.ts";

/** What the bytes of a dump say of it. Format: rdb.h and rdb.c of Valkey 8.1 and Redis 8.2 (2026-11). */
export interface RdbFacts {
  /** Of the format: 11 in Redis 7.2 and Valkey 8, 12 in Redis 8, 80 in Valkey 9. */
  readonly version: number;
  /** `false`: the server was told not to write one (`rdbchecksum no`), only the end mark could be looked at. */
  readonly checksum: boolean;
  /** What the server wrote at the beginning: `redis-ver` or `valkey-ver`, `ctime`, `used-mem`, … */
  readonly aux: ReadonlyMap<string, string>;
  /** Values of the module type that was asked for. */
  readonly moduleValues: number;
  readonly bytes: number;
}

/** What is wrong with a dump, in words that go on after its name. */
export class RdbError extends Error {
  override readonly name = "RdbError";
}

export interface RdbReader {
  add(chunk: Uint8Array): void;
  /** @throws RdbError for what is no dump, is cut short or was changed */
  end(): RdbFacts;
}

/** The header with its texts fits in here: they are a dozen short ones. */
const headerBytes = 4096;
const trailerBytes = 8;
const endMark = 0xff;

/**
 * Reads a dump as it comes, in bounded memory, without taking its values apart: magic, header, end mark and CRC-64. A dump that was cut
 * short or in which a bit has changed is found by the checksum, whatever modules its values belong to.
 * @param moduleType name of a module's type (nine characters, e.g. `graphdata`) whose values are counted. @default none
 */
export function createRdbReader(moduleType?: string): RdbReader {
  const crc = createCrc64();
  const count = createCounter(moduleType);
  let bytes = 0;
  let header = Buffer.alloc(0);
  /** The last bytes so far: they are the trailer only when nothing comes after them. */
  let held = Buffer.alloc(0);
  let lastSummed = -1;

  return {
    add(chunk) {
      bytes += chunk.length;
      if (header.length < headerBytes) {
        header = Buffer.concat([header, chunk.subarray(0, headerBytes - header.length)]);
      }
      count.add(chunk);
      const joined = chunk.length < trailerBytes ? Buffer.concat([held, chunk]) : null;
      const [before, now] = joined === null ? [held, chunk] : [Buffer.alloc(0), joined];
      const summed = now.subarray(0, Math.max(0, now.length - trailerBytes));
      for (const part of [before, summed]) {
        crc.add(part);
        lastSummed = part.at(-1) ?? lastSummed;
      }
      held = Buffer.from(now.subarray(summed.length));
    },

    end() {
      const version = versionOf(header, bytes);
      if (lastSummed !== endMark || held.length < trailerBytes) {
        throw new RdbError("does not end as a dump does: it was cut short, or something was added to it");
      }
      const checksum = held.some((byte) => byte !== 0);
      if (checksum && !held.equals(crc.digest())) {
        throw new RdbError("does not fit its own checksum: it was changed after it was written");
      }
      return { version, checksum, aux: readAux(header), moduleValues: count.found(), bytes };
    },
  };
}

function versionOf(header: Buffer, bytes: number): number {
  if (bytes === 0) throw new RdbError("is empty");
  const [, digits] = /^(?:REDIS(\d{4})|VALKEY(\d{3}))/.exec(header.toString("latin1", 0, 9))?.filter(Boolean) ?? [];
  if (digits === undefined) throw new RdbError("is no dump: it does not begin with REDIS or VALKEY and a version");
  const version = Number(digits);
  // Before version 5 (Redis 2.6) there was no checksum: such a file is not made by anything that is alive.
  if (version < 5) throw new RdbError(`has the format of version ${version}, which has no checksum`);
  return version;
}

/** Texts at the beginning, `0xfa NAME VALUE` each, until something else comes. */
function readAux(header: Buffer): ReadonlyMap<string, string> {
  const aux = new Map<string, string>();
  let at = 9;
  while (header[at] === 0xfa) {
    const name = readText(header, at + 1);
    const value = name && readText(header, name.end);
    if (!name || !value) break;
    aux.set(name.text, value.text);
    at = value.end;
  }
  return aux;
}

/** A short text, or an integer in one of its three encodings; null for everything else. */
function readText(header: Buffer, at: number): { readonly text: string; readonly end: number } | null {
  const first = header[at];
  if (first === undefined || at + 5 > header.length) return null;
  if (first === 0xc0) return { text: String(header.readInt8(at + 1)), end: at + 2 };
  if (first === 0xc1) return { text: String(header.readInt16LE(at + 1)), end: at + 3 };
  if (first === 0xc2) return { text: String(header.readInt32LE(at + 1)), end: at + 5 };
  if (first >= 0x40) return null;
  const end = at + 1 + first;
  return end <= header.length ? { text: header.toString("utf8", at + 1, end), end } : null;
}

/** `0x81` and the eight bytes of a module type's id, of which the last ten bits are a version. */
const idBytes = 9;
const moduleAux = 0xf7;

/** Counts the values of a module type by the id that stands before each: 54 bits, which do not come about by chance. */
function createCounter(moduleType: string | undefined) {
  const id = moduleType === undefined ? null : moduleId(moduleType);
  let found = 0;
  let tail = Buffer.alloc(0);
  return {
    add(chunk: Uint8Array): void {
      if (id === null) return;
      // One byte more than an id: what stands before it tells a value from what the module keeps for itself.
      const bytes = Buffer.concat([tail, chunk]);
      for (let at = bytes.indexOf(id.start, 1); at !== -1; at = bytes.indexOf(id.start, at + 1)) {
        if (at + idBytes > bytes.length) break;
        if (((bytes[at + 7] as number) & 0xfc) === id.last && bytes[at - 1] !== moduleAux) found += 1;
      }
      tail = bytes.subarray(Math.max(0, bytes.length - idBytes));
    },
    found: () => found,
  };
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function moduleId(type: string): { readonly start: Buffer; readonly last: number } {
  let id = 0n;
  for (const character of type) id = (id << 6n) | BigInt(alphabet.indexOf(character));
  const bytes = Buffer.alloc(idBytes, 0x81);
  bytes.writeBigUInt64BE(id << 10n, 1);
  return { start: bytes.subarray(0, 7), last: bytes[7] as number };
}
