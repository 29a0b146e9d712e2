import { type Ledger, LedgerError } from "../ledger/ledger.ts";

/** One write of a run into a ledger. Kept, so that it can be repeated into another ledger. */
type Entry = (ledger: Ledger) => unknown;

/**
 * The ledger as a run writes it: a ledger that cannot be written (corrupt, read-only, full …) never stops the backup. The first failure
 * switches to the next ledger of the chain and repeats there what the run has written so far; reconciliation takes it in later.
 */
export interface Journal {
  /** Where the run is written now. */
  readonly ledger: Ledger;
  /** Why the ledger proper is not written; null: it is. */
  readonly problem: LedgerError | null;
  /** Writes and remembers. */
  write<T>(entry: (ledger: Ledger) => T): T;
  /** Reads back what the run has written; a ledger that can no longer be read is left as one that cannot be written. */
  read<T>(look: (ledger: Ledger) => T): T;
  /** Writes what may be lost: heartbeats, notes about children. */
  note(entry: (ledger: Ledger) => unknown): void;
  close(): void;
}

/**
 * @param open the ledgers to try, best first; the last one must not fail (memory)
 * @param onProblem told once, when the run has to leave the ledger proper
 */
export function openJournal(open: readonly (() => Ledger)[], onProblem: (problem: LedgerError) => void): Journal {
  const entries: Entry[] = [];
  const remaining = [...open];
  let problem: LedgerError | null = null;
  let ledger = next(null);

  function next(failed: LedgerError | null): Ledger {
    if (failed && !problem) {
      problem = failed;
      onProblem(failed);
    }
    const candidate = remaining.shift();
    if (!candidate) throw failed ?? new Error("a journal needs at least one ledger");
    try {
      const opened = candidate();
      for (const entry of entries) entry(opened);
      return opened;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      return next(error);
    }
  }

  /** Tries the ledgers one after the other until the work can be done. */
  function attempt<T>(work: (ledger: Ledger) => T): T {
    for (;;) {
      try {
        return work(ledger);
      } catch (error) {
        if (!(error instanceof LedgerError)) throw error;
        closeQuietly(ledger);
        ledger = next(error);
      }
    }
  }

  return {
    get ledger() {
      return ledger;
    },
    get problem() {
      return problem;
    },
    write(entry) {
      const result = attempt(entry);
      entries.push(entry);
      return result;
    },
    read: attempt,
    note(entry) {
      try {
        entry(ledger);
      } catch (error) {
        // A lost heartbeat is not worth leaving the ledger for: the next write that matters will notice.
        if (!(error instanceof LedgerError)) throw error;
      }
    },
    close: () => closeQuietly(ledger),
  };
}

function closeQuietly(ledger: Ledger): void {
  try {
    ledger.close();
  } catch (error) {
    // Closing a ledger that has just failed may fail for the same reason, which is known already.
    if (!(error instanceof LedgerError)) throw error;
  }
}
