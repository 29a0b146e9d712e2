import { endOf, recallNote, rememberNote } from "../collectors/awake.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { awakeSince, type ClockReading, lastMark, noteAfter } from "../model/time/awake.ts";

/**
 * Journals that the machine is awake, whenever it is called: since the call before, or since what the journal last says of this start of the
 * machine, so that an engine that was stopped for a while leaves no gap.
 */
export function createAwakeMarker(
  ledger: Pick<Ledger, "awake" | "markAwake" | "recall" | "remember">,
  read: () => ClockReading,
): () => void {
  let last: ClockReading | null | undefined;
  return () => {
    const now = read();
    const note = recallNote(ledger);
    last ??= lastMark(note, endOf(ledger, now.wall), now);
    const marked = awakeSince(last, now);
    ledger.markAwake(marked.from, marked.until);
    // After the mark: a note without its mark would make the sleep before it look awake, a mark without its note loses some seconds.
    const after = noteAfter(note, marked, now);
    if (after !== note) rememberNote(ledger, after);
    last = now;
  };
}
