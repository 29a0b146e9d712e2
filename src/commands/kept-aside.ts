import { existsSync } from "node:fs";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import type { Run } from "../model/run/run.ts";
import { type Host, openHostState } from "./host.ts";

/** The journal as it is read: the ledger, and what was kept aside while it could not be written. */
export interface WholeJournal extends Pick<Ledger, "runs" | "run" | "steps"> {
  readonly ledger: Ledger;
  /** Runs that only the fallback ledger knows, newest first: no state and no count has them until they are taken in. */
  readonly keptAside: readonly Run[];
  /** Why what is kept aside cannot be read; null: it can, or there is none. */
  readonly problem: LedgerError | null;
  readonly close: () => void;
}

/** A ledger that cannot be written for so many runs has long been noticed. */
const mostAside = 10_000;

/**
 * Opens the journal for those who only show it. No run may be missing from it because the ledger was full or damaged when it ran.
 * @throws LedgerError when the ledger itself cannot be read
 */
export async function openWholeJournal(host: Host): Promise<WholeJournal> {
  const ledger = await openHostState(host);
  const { fallback, runs: asideRuns, problem } = await openFallback(host.fallbackPath);
  const stillAside = (runs: readonly Run[]) =>
    runs.filter(({ id }) => !isFinished(ledger.run(id))).map((run) => ({ ...run, journaled: false }));
  const holderOf = (id: string) => (isFinished(ledger.run(id)) ? ledger : fallback?.run(id) ? fallback : ledger);
  return {
    ledger,
    keptAside: stillAside(asideRuns),
    problem,
    runs(query) {
      const kept = stillAside(fallback?.runs(query) ?? []);
      if (kept.length === 0) return ledger.runs(query);
      const ids = new Set(kept.map(({ id }) => id));
      const known = ledger.runs(query).filter(({ id }) => !ids.has(id));
      return [...known, ...kept].toSorted((a, b) => b.startedAt - a.startedAt).slice(0, query.limit ?? 20);
    },
    run(id) {
      const run = holderOf(id).run(id);
      return run && holderOf(id) === fallback ? { ...run, journaled: false } : run;
    },
    steps: (id) => holderOf(id).steps(id),
    close() {
      fallback?.close();
      ledger.close();
    },
  };
}

const isFinished = (run: Run | null) => run !== null && run.finishedAt !== null;

interface Fallback extends Pick<WholeJournal, "problem"> {
  readonly fallback: Ledger | null;
  readonly runs: readonly Run[];
}

/** The one ledger must not be hidden by what is wrong with the other. */
async function openFallback(path: string): Promise<Fallback> {
  if (!existsSync(path)) return { fallback: null, runs: [], problem: null };
  const { openLedger } = await import("../ledger/sqlite.ts");
  let fallback: Ledger | null = null;
  try {
    fallback = openLedger(path, { mode: "read", brief: true });
    return { fallback, runs: fallback.runs({ limit: mostAside }), problem: null };
  } catch (error) {
    fallback?.close();
    if (error instanceof LedgerError) return { fallback: null, runs: [], problem: error };
    throw error;
  }
}

/** For a person: what is not in the ledger yet, where it is, and what brings it there. */
export function keptAsideSentence(
  { keptAside, problem }: Pick<WholeJournal, "keptAside" | "problem">,
  { fallbackPath }: Host,
): string {
  if (problem !== null)
    return `runs may be missing here: what was kept aside cannot be read: ${problem.message} – ${problem.advice}`;
  const [first, ...others] = keptAside;
  if (first === undefined) return "";
  const runs = others.length === 0 ? `run ${first.id} of ${first.job} is` : `${keptAside.length} runs are`;
  return `${runs} not in the ledger yet, which could not be written: kept in ${fallbackPath}, where a reboot ends ${others.length === 0 ? "it" : "them"}; pantheros reconcile takes in what it can`;
}
