/** Seconds after which an old speed counts for a third: slow enough to be read, quick enough to follow. */
const memory = 10;

export interface Rate {
  /** @param done so far, in any unit @param at milliseconds */
  add(done: number, at: number): void;
  /** Units per second; null until there are two points. */
  perSecond(): number | null;
}

/** Exponentially smoothed speed. A step that begins anew (a retry) begins anew here too. */
export function createRate(): Rate {
  let last: { readonly done: number; readonly at: number } | null = null;
  let speed: number | null = null;
  return {
    add(done, at) {
      if (last === null || done < last.done) {
        speed = null;
        last = { done, at };
        return;
      }
      const seconds = (at - last.at) / 1000;
      // Closer points say more about buffers than about speed.
      if (seconds < 0.25) return;
      const current = (done - last.done) / seconds;
      const weight = speed === null ? 1 : 1 - Math.exp(-seconds / memory);
      speed = (speed ?? 0) * (1 - weight) + current * weight;
      last = { done, at };
    },
    perSecond: () => speed,
  };
}
