import { bucketOfLocal, localStartOf, type Period, periods } from "../time/calendar.ts";
import { type Zone, zoneOf } from "../time/zone.ts";

/** What is kept, as `retention:` in the configuration says it. Durations are seconds. */
export interface Policy {
  /** The newest N. */
  readonly last: number;
  /** Everything younger than this, counted from the newest. @default none */
  readonly within?: number | undefined;
  /** The newest artifact of each of the newest N hours (days, ISO weeks, months, years) that have one. */
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  /** How long an artifact that no tier holds may wait for pruning before it counts as excess. */
  readonly slack: number;
}

export type Tier = "within" | "last" | Period;
/**
 * Why an artifact is kept. `future`: it is dated after now, so a clock was wrong; it is kept and takes no other artifact's place. `keep`: a
 * pruning step keeps more than was promised. `chain`: one that is kept is worth nothing without it.
 */
export type Hold = Tier | "future" | "keep" | "chain";

export interface KeepOptions {
  /**
   * Seconds since the epoch; later artifacts are held as `future`. restic gives them the places of real ones, so that a clock that was
   * wrong once can cost every new backup.
   * @default Infinity: nothing is in the future
   */
  readonly now?: number;
  /**
   * Whether a tier with places left also holds the oldest artifact, as restic does since 0.16 (0.14 does not).
   * @default true, which keeps more
   */
  readonly oldest?: boolean;
  /**
   * Which artifact stands for a period. `newest`: as restic and pantheros choose. `first`: as btrbk and snapper do, which count the current
   * period apart and so have one place more.
   * @default newest
   */
  readonly standsFor?: "newest" | "first";
}

export interface Kept {
  /** Index into the timestamps → why it is kept; newest first. */
  readonly kept: ReadonlyMap<number, readonly Hold[]>;
  /** Indices into the timestamps, newest first. */
  readonly removed: readonly number[];
}

/**
 * What `restic forget` keeps of a history, and why. A policy without any tier keeps everything.
 *
 * @param timestamps seconds since the epoch, in any order
 * @param timezone whose hours, days and weeks count. restic takes the zone in which each snapshot was *made*: what was backed up under
 *   TZ=UTC is forgotten by UTC days, wherever `restic forget` runs
 */
export function keep(timestamps: readonly number[], policy: Policy, timezone: string, options: KeepOptions = {}): Kept {
  return keepByAny(timestamps, [policy], timezone, options);
}

/** What at least one of several policies keeps, and why: each is applied to the whole history by itself. */
export function keepByAny(
  timestamps: readonly number[],
  [first, ...others]: readonly [Policy, ...Policy[]],
  timezone: string,
  options: KeepOptions = {},
): Kept {
  const { order, ...times } = historyOf(timestamps, zoneOf(timezone));
  const masks = holdsOf(times, first, options);
  for (const policy of others) {
    for (const [position, mask] of holdsOf(times, policy, options).entries()) {
      masks[position] = (masks[position] as number) | mask;
    }
  }
  const namesOf = holdNames();
  const kept = new Map<number, readonly Hold[]>();
  const removed: number[] = [];
  order.forEach((index, position) => {
    const mask = masks[position] as number;
    if (mask === 0) removed.push(index);
    else kept.set(index, namesOf(mask));
  });
  return { kept, removed };
}

/** Artifacts newest first: position → index in the input, time, and local time as if it were UTC. */
export interface History {
  readonly order: Uint32Array;
  readonly at: Float64Array;
  readonly local: Float64Array;
}

export function historyOf(timestamps: readonly number[], zone: Zone): History {
  const count = timestamps.length;
  const order = new Uint32Array(count).map((_, position) => count - 1 - position);
  // Listings come oldest first as a rule: turned round they need no sorting.
  if (timestamps.some((time, index) => index > 0 && time < (timestamps[index - 1] as number))) {
    order.sort((a, b) => (timestamps[b] as number) - (timestamps[a] as number));
  }
  const at = new Float64Array(count);
  const local = new Float64Array(count);
  for (let position = 0; position < count; position += 1) {
    const time = timestamps[order[position] as number] as number;
    at[position] = time;
    local[position] = time + zone.offsetAt(time);
  }
  return { order, at, local };
}

/** The part of a history that existed at a moment. */
export function historyUntil({ order, at, local }: History, moment: number): History {
  const from = firstAtOrBefore(at, moment);
  return { order: order.subarray(from), at: at.subarray(from), local: local.subarray(from) };
}

/** In the order in which restic names them. */
export const tierNames = ["within", "last", ...periods] as const satisfies readonly Tier[];
/** The position is the bit in a mask. */
const holds: readonly Hold[] = [...tierNames, "future", "keep", "chain"];
export const bitOf = (hold: Hold) => 1 << holds.indexOf(hold);
/** Without a name: the policy has no tier. */
const everything = 1 << holds.length;

/** Why each artifact of a history is kept, by position, as a mask that `holdNames` reads; 0: nothing holds it. */
export function holdsOf(
  { at, local }: Pick<History, "at" | "local">,
  policy: Policy,
  { now = Number.POSITIVE_INFINITY, oldest = true, standsFor = "newest" }: KeepOptions = {},
): Uint16Array {
  const count = at.length;
  const masks = new Uint16Array(count);
  if (tierNames.every((tier) => !policy[tier])) return masks.fill(everything);

  const first = firstAtOrBefore(at, now);
  masks.fill(bitOf("future"), 0, first);
  const withinUntil = policy.within ? firstAtOrBefore(at, (at[first] as number) - policy.within) : first;
  mark(masks, bitOf("within"), first, withinUntil);
  mark(masks, bitOf("last"), first, Math.min(count, first + policy.last));
  for (const period of periods) {
    const bit = bitOf(period);
    if (standsFor === "first") {
      markFirst(masks, bit, local, { period, from: first, places: policy[period] });
      continue;
    }
    let placesLeft = policy[period];
    // Of the recent bucket: comparing is cheaper than asking the calendar for each artifact.
    let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let position = first; position < count && placesLeft > 0; position += 1) {
      const moment = local[position] as number;
      if (moment >= start && moment < end) {
        if (!(oldest && position === count - 1)) continue;
      } else {
        const bucket = bucketOfLocal(period, moment);
        start = localStartOf(period, bucket);
        end = localStartOf(period, bucket + 1);
      }
      placesLeft -= 1;
      masks[position] = (masks[position] as number) | bit;
    }
  }
  return masks;
}

/** Reads masks; artifacts that are held alike share one list. */
export function holdNames(): (mask: number) => readonly Hold[] {
  const lists: (readonly Hold[])[] = [];
  return (mask) => {
    lists[mask] ??= holds.filter((hold) => (mask & bitOf(hold)) !== 0);
    return lists[mask];
  };
}

function mark(masks: Uint16Array, bit: number, from: number, until: number): void {
  for (let position = from; position < until; position += 1) masks[position] = (masks[position] as number) | bit;
}

function markFirst(
  masks: Uint16Array,
  bit: number,
  local: Float64Array,
  { period, from, places }: { readonly period: Period; readonly from: number; readonly places: number },
): void {
  let placesLeft = places === 0 ? 0 : places + 1;
  let bucket = bucketOfLocal(period, local[from] as number);
  for (let position = from; position < local.length && placesLeft > 0; position += 1) {
    const older = bucketOfLocal(period, local[position + 1] ?? Number.NaN);
    if (older !== bucket) {
      masks[position] = (masks[position] as number) | bit;
      placesLeft -= 1;
    }
    bucket = older;
  }
}

function firstAtOrBefore(newestFirst: Float64Array, moment: number): number {
  const position = newestFirst.findIndex((time) => time <= moment);
  return position === -1 ? newestFirst.length : position;
}
