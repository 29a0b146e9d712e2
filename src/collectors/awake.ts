import type { Ledger } from "../ledger/ledger.ts";
import type { Interval } from "../model/measurement.ts";
import { type AwakeNote, type ClockReading, lengthOf, tailOf } from "../model/time/awake.ts";

/** Whose note the beginning and the clocks of the journal are: the engine's. */
const owner = "engine";
const key = "awake";
const day = 86_400_000;

/** How long the machine was awake, as far as it is known. */
export interface AwakeJournal {
  /** Seconds between a moment and now; what the journal does not cover counts whole. @param moment seconds since the epoch */
  readonly secondsSince: (moment: number) => number;
  /** When the journal begins, seconds since the epoch. */
  readonly begins: number;
  /** True: the engine does not journal any more, and time counts by the clock from the journal's end on. */
  readonly stopped: boolean;
}

/** Null: there is no journal, because no engine has ever run here. */
export function readAwakeJournal(ledger: Pick<Ledger, "awake" | "recall">, clock: ClockReading): AwakeJournal | null {
  const note = recallNote(ledger);
  const end = note === null ? null : endOf(ledger, clock.wall);
  if (note === null || end === null) return null;
  const { journaled, ...tail } = tailOf(note, end, clock);
  return {
    secondsSince(moment) {
      const from = moment * 1000;
      const before: Interval = { from, until: note.since };
      const known = [before, ...ledger.awake(from, clock.wall), tail].map((stretch) => clip(stretch, from, clock.wall));
      return lengthOf(known.filter(({ from, until }) => from < until)) / 1000;
    },
    begins: note.since / 1000,
    stopped: !journaled,
  };
}

/** Where the journal ends; what lies ahead of now was written while the clock was wrong. */
export function endOf(ledger: Pick<Ledger, "awake">, now: number): number | null {
  // Almost always it ended a moment ago; the whole journal of a laptop that was away for a month is some thousand stretches.
  for (const from of [now - day, 0]) {
    const known = ledger.awake(from, now);
    if (known.length > 0) return known.reduce((end, { until }) => Math.max(end, until), 0);
  }
  return null;
}

/** Another version may have written it: what it is not is no note. */
export function recallNote(ledger: Pick<Ledger, "recall">): AwakeNote | null {
  const note = ledger.recall(owner, key);
  if (typeof note !== "object" || note === null) return null;
  const { since, boot, ahead } = note as Readonly<Record<string, unknown>>;
  return typeof since === "number" && typeof boot === "string" && typeof ahead === "number"
    ? { since, boot, ahead }
    : null;
}

export function rememberNote(ledger: Pick<Ledger, "remember">, note: AwakeNote): void {
  ledger.remember(owner, key, { ...note });
}

function clip(stretch: Interval, from: number, until: number): Interval {
  return { from: Math.max(stretch.from, from), until: Math.min(stretch.until, until) };
}
