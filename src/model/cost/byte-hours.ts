/** What was stored at a moment. */
export interface StoredPoint {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly bytes: number;
}

/** A stretch of time in which what is stored goes in a straight line from one amount to another. */
export interface Stretch {
  /** Seconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** Bytes at both ends. */
  readonly start: number;
  readonly end: number;
}

/**
 * What was stored between two moments, from measurements: straight lines between them, and as much as the last one said from there on. Before
 * the first one nothing is known, and nothing is said.
 * @param points in any order; of several at one moment the last one counts
 */
export function stretchesOf(points: readonly StoredPoint[], from: number, until: number): readonly Stretch[] {
  const ordered = [...new Map(points.map((point) => [point.at, point])).values()].sort((a, b) => a.at - b.at);
  const stretches = ordered.map((point, index): Stretch => {
    const next = ordered[index + 1] ?? { at: Math.max(until, point.at), bytes: point.bytes };
    return { from: point.at, until: next.at, start: point.bytes, end: next.bytes };
  });
  return clip(stretches, from, until);
}

/** The parts of stretches that lie between two moments. */
export function clip(stretches: readonly Stretch[], from: number, until: number): readonly Stretch[] {
  return stretches.flatMap((stretch) => {
    const [first, last] = [Math.max(from, stretch.from), Math.min(until, stretch.until)];
    if (first >= last) return [];
    return [{ from: first, until: last, start: bytesAt(stretch, first), end: bytesAt(stretch, last) }];
  });
}

function bytesAt({ from, until, start, end }: Stretch, at: number): number {
  return start + ((end - start) * (at - from)) / (until - from);
}

/**
 * Byte-hours of stretches: what is above one amount and not above another, e.g. what a price for the bytes after the first 10 GB is charged for.
 * Counted moment by moment, so that it can be added up over any parts of the time and never shrinks as time goes on.
 */
export function byteHours(stretches: readonly Stretch[], above = 0, upTo = Number.POSITIVE_INFINITY): number {
  return stretches.reduce((sum, stretch) => sum + byteSeconds(stretch, above, upTo), 0) / 3600;
}

function byteSeconds({ from, until, start, end }: Stretch, above: number, upTo: number): number {
  const within = (bytes: number) => Math.min(Math.max(bytes, above), upTo) - above;
  // Where the line crosses an edge of the band it has a kink, and between kinks the area is a trapezoid.
  const kinks = [above, upTo].map((edge) => (edge - start) / (end - start)).filter((share) => share > 0 && share < 1);
  const shares = [0, ...kinks.sort((a, b) => a - b), 1];
  let area = 0;
  for (let index = 1; index < shares.length; index += 1) {
    const [left, right] = [shares[index - 1] ?? 0, shares[index] ?? 1];
    const heights = within(start + (end - start) * left) + within(start + (end - start) * right);
    area += ((right - left) * heights) / 2;
  }
  return area * (until - from);
}

/** What several hold together; where only some are known, what those hold. */
export function together(parts: readonly (readonly Stretch[])[]): readonly Stretch[] {
  const edges = edgesOf(parts.flat());
  return edges.slice(1).flatMap((until, index) => {
    const from = edges[index] ?? until;
    const pieces = parts.flatMap((stretches) => clip(stretches, from, until));
    if (pieces.length === 0) return [];
    const sum = (side: "start" | "end") => pieces.reduce((total, piece) => total + piece[side], 0);
    return [{ from, until, start: sum("start"), end: sum("end") }];
  });
}

/** Moments at which stretches begin or end, in order. */
export function edgesOf(stretches: readonly Stretch[]): readonly number[] {
  return [...new Set(stretches.flatMap(({ from, until }) => [from, until]))].sort((a, b) => a - b);
}

/** Seconds that stretches cover; they must not overlap. */
export function covered(stretches: readonly Stretch[]): number {
  return stretches.reduce((seconds, { from, until }) => seconds + until - from, 0);
}
