/** A source of chance that gives the same numbers for the same seed, so that a fault can be made again. */
export interface Chance {
  /** 0 ≤ x < 1 */
  next(): number;
  /** A whole number, 0 ≤ n < `count`. */
  below(count: number): number;
  pick<T>(among: readonly T[]): T;
}

/** Each try has a seed of its own, made of the campaign's, its kind and its number: it can be repeated without those before it. */
export function chanceOf(seed: number, kind: string, number: number): Chance {
  let state = seed >>> 0;
  for (const character of `${kind}/${number}`) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  // mulberry32, Tommy Ettinger 2017, public domain.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number) => Math.floor(next() * count);
  return { next, below, pick: (among) => among[below(among.length)] as (typeof among)[number] };
}
