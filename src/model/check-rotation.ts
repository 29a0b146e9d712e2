/**
 * Which part of a repository is read next, and how much of it has been read. restic's part n of m is every pack whose id begins with a byte
 * b for which b mod m = n − 1 (seen with 0.14, 0.18 and 0.19): a pack keeps its byte for ever, so that what was read is remembered by byte
 * and survives another m.
 */
export const mostParts = 256;

/** Part n of m, n from 1. */
export interface Part {
  readonly number: number;
  readonly of: number;
}

export interface PastCheck {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly part: Part;
}

export interface Coverage {
  /** Share of the repository that was read within the window, 0 to 1. */
  readonly ratio: number;
  /** How long ago the part was read that waits longest; null: some part has never been read. */
  readonly oldestSeconds: number | null;
}

/** Checks dated after now count for nothing: nobody knows when they really were. */
export function coverageOf(checks: readonly PastCheck[], windowSeconds: number, now: number): Coverage {
  const read = readByByte(checks, now);
  const within = read.filter((at) => now - at <= windowSeconds).length;
  const oldest = Math.min(...read);
  return { ratio: within / mostParts, oldestSeconds: Number.isFinite(oldest) ? now - oldest : null };
}

/** The part that waits longest: first those of which something has never been read, the lowest number first. */
export function nextPart(checks: readonly PastCheck[], parts: number, now: number): Part {
  const read = readByByte(checks, now);
  let best = { number: 1, at: Number.POSITIVE_INFINITY };
  for (let number = 1; number <= parts; number += 1) {
    const at = Math.min(...bytesOf({ number, of: parts }).map((byte) => read[byte] as number));
    if (at < best.at) best = { number, at };
  }
  return { number: best.number, of: parts };
}

/** In how many parts the repository is read when that many checks fall into the window. */
export function partsFor(checks: number): number {
  return Math.min(mostParts, Math.max(1, Math.floor(checks)));
}

/** The usual time between two checks, of their moments in any order; null: fewer than two. */
export function usualInterval(moments: readonly number[]): number | null {
  const sorted = moments.toSorted((a, b) => a - b);
  const gaps = sorted.slice(1).map((at, index) => at - (sorted[index] as number));
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? null;
}

/**
 * What random subsets are expected to have read together, 0 to 1. That is chance: a pack may never be drawn.
 * @param shares 0 to 1 each
 */
export function expectedCoverage(shares: readonly number[]): number {
  return 1 - shares.reduce((unread, share) => unread * (1 - share), 1);
}

/** When packs of each first byte were last read, seconds; -Infinity: never. */
function readByByte(checks: readonly PastCheck[], now: number): readonly number[] {
  const read = new Array<number>(mostParts).fill(Number.NEGATIVE_INFINITY);
  for (const { at, part } of checks) {
    if (at > now) continue;
    for (const byte of bytesOf(part)) read[byte] = Math.max(read[byte] as number, at);
  }
  return read;
}

function bytesOf({ number, of }: Part): readonly number[] {
  const bytes: number[] = [];
  for (let byte = number - 1; byte < mostParts; byte += of) bytes.push(byte);
  return bytes;
}
