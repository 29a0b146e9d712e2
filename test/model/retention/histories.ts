import type { Policy } from "../../../src/model/retention/retention.ts";
import { noTier } from "./policies.ts";

/** Mulberry32: the same sequence on every machine. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Bursts, hours, days and months apart; seconds since the epoch, newest first, none twice. */
export function randomHistory(random: () => number, newest: number, count: number): number[] {
  const gaps = [2700, 2700, 5 * 3600, 30 * 3600, 30 * 3600, 12 * 86_400, 150 * 86_400];
  const times = [newest];
  while (times.length < count) {
    const gap = gaps[Math.floor(random() * gaps.length)] as number;
    times.push((times.at(-1) as number) - 60 - Math.floor(random() * gap));
  }
  return times;
}

/** At least one tier: restic refuses to forget without. */
export function randomPolicy(random: () => number): Policy {
  const places = (max: number) => (random() < 0.4 ? 0 : 1 + Math.floor(random() * max));
  const within = random() < 0.3 ? { within: 3600 * (1 + Math.floor(random() * 400)) } : {};
  const tiers = { hourly: places(8), daily: places(8), weekly: places(6), monthly: places(6), yearly: places(4) };
  return { ...noTier, ...tiers, ...within, last: Math.max(places(3), Object.values(tiers).some(Boolean) ? 0 : 1) };
}
