import { createHash } from "node:crypto";

export interface Sized {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** How much is drawn at most; of files that are all too large, one. */
export interface SampleLimit {
  readonly files: number;
  /** @default no limit */
  readonly bytes?: number | undefined;
}

/**
 * Draws files by chance that can be repeated: the same seed draws the same files, in whatever order and however many are offered. Holds no more
 * than the limit in memory.
 */
export function drawSample(seed: string, limit: SampleLimit) {
  const drawn: { readonly rank: string; readonly file: Sized }[] = [];
  return {
    offer(file: Sized): void {
      const rank = createHash("sha256").update(`${seed}\0${file.path}`).digest("hex");
      const last = drawn.at(-1);
      if (drawn.length >= limit.files && last && rank >= last.rank) return;
      const place = drawn.findIndex((other) => other.rank > rank);
      drawn.splice(place === -1 ? drawn.length : place, 0, { rank, file });
      if (drawn.length > limit.files) drawn.pop();
    },
    /** In the order in which they were drawn. */
    chosen(): readonly Sized[] {
      let bytes = 0;
      const files = drawn.map(({ file }) => file);
      const fitting = files.filter(({ size }) => {
        if (limit.bytes !== undefined && bytes + size > limit.bytes) return false;
        bytes += size;
        return true;
      });
      return fitting.length > 0 ? fitting : files.slice(0, 1);
    },
  };
}
