import type { Interval } from "../measurement.ts";

/** What the clocks of a machine say at one moment; milliseconds. */
export interface ClockReading {
  /** Since the epoch; anybody may set it. */
  readonly wall: number;
  /** Since the machine was started, the time in which it slept left out (CLOCK_MONOTONIC). */
  readonly monotonic: number;
  /** Names this start of the machine. */
  readonly boot: string;
}

/** What is remembered beside the journal, so that whoever reads it knows how to go on from its end. */
export interface AwakeNote {
  /** When the journal begins; what was before it is unknown. */
  readonly since: number;
  /** The start of the machine in which it was last written. */
  readonly boot: string;
  /** By how much the wall clock was ahead of the monotonic one then. Sleep and a clock set forward make it more. */
  readonly ahead: number;
}

/** Two clocks that run at almost the same speed; a wall clock that is off by less than this was corrected, not set. */
const tolerance = 2000;
/** An engine that has not journaled anything so long after the machine was started is not going to. */
const engineStartsWithin = 600_000;

/**
 * How long the machine has been awake since the last mark, as a stretch that ends now. Where it lies exactly is not known – sleep came
 * some time in between –, how long it was is. After a reboot: since the machine was started; when it went down is not known, and counts as
 * asleep from the last mark on.
 * @param last the last mark; null: the first one
 */
export function awakeSince(last: ClockReading | null, now: ClockReading): Interval {
  if (last?.boot !== now.boot) return { from: now.wall - now.monotonic, until: now.wall };
  const from = now.wall - Math.max(0, now.monotonic - last.monotonic);
  return { from: Math.abs(from - last.wall) <= tolerance ? last.wall : from, until: now.wall };
}

/**
 * The reading of the last mark, from what the journal and its note say; null: there is none.
 * @param end where the journal ends
 */
export function lastMark(note: AwakeNote | null, end: number | null, now: ClockReading): ClockReading | null {
  if (note === null || end === null) return null;
  // The clock was set back since: where the journal really ended is hidden in what is the future now, and nothing is known of the time since.
  if (note.boot === now.boot && now.wall - now.monotonic < note.ahead - tolerance) return now;
  return { wall: end, monotonic: end - note.ahead, boot: note.boot };
}

/** The note after a mark; the old one itself where nothing worth writing has changed. */
export function noteAfter(note: AwakeNote | null, marked: Interval, now: ClockReading): AwakeNote {
  const ahead = now.wall - now.monotonic;
  if (note !== null && note.boot === now.boot && Math.abs(note.ahead - ahead) <= tolerance / 2) return note;
  return { since: note?.since ?? marked.from, boot: now.boot, ahead };
}

/** What is known of the time since the journal's end, to somebody who reads it between two marks or after the engine has stopped. */
export interface AwakeTail extends Interval {
  /** False: nobody journals any more, and all of it counts as awake. */
  readonly journaled: boolean;
}

export function tailOf(note: AwakeNote, end: number, now: ClockReading): AwakeTail {
  const journaled = note.boot === now.boot || now.monotonic <= engineStartsWithin;
  if (journaled) return { ...awakeSince(lastMark(note, end, now), now), journaled };
  return { from: Math.min(end, now.wall), until: now.wall, journaled };
}

/** Milliseconds that at least one of the stretches covers: a clock that was set back lives through a time twice. */
export function lengthOf(stretches: readonly Interval[]): number {
  let covered = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { from, until } of stretches.toSorted((a, b) => a.from - b.from)) {
    if (until <= reached) continue;
    covered += until - Math.max(from, reached);
    reached = until;
  }
  return covered;
}
