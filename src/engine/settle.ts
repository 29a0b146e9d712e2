import { existsSync } from "node:fs";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import { openLedger } from "../ledger/sqlite.ts";
import type { Run } from "../model/run.ts";
import { takeInFallback } from "./fallback.ts";
import { type Reconciled, type ReconcileOptions, reconcile } from "./reconcile.ts";

export interface Settled {
  /** Runs that were kept aside while the ledger could not be written. */
  readonly tookIn: readonly Run[];
  /** Runs whose process was gone. */
  readonly reconciled: readonly Reconciled[];
  /** Why what was kept aside could not be taken in; it stays there. */
  readonly problem: LedgerError | null;
}

/**
 * Gives every run that has ended its true end in the ledger. What was kept aside comes first: a run whose end is known there must not be
 * taken for killed here.
 * @param fallbackPath see `openJournal`
 */
export async function settle(ledger: Ledger, fallbackPath: string, options: ReconcileOptions): Promise<Settled> {
  let tookIn: readonly Run[] = [];
  let problem: LedgerError | null = null;
  try {
    if (existsSync(fallbackPath)) tookIn = await takeIn(ledger, fallbackPath, options);
  } catch (error) {
    // A fallback that is damaged must not keep the dead runs of the ledger from their end.
    if (!(error instanceof LedgerError)) throw error;
    problem = error;
  }
  return { tookIn, reconciled: await reconcile(ledger, options), problem };
}

async function takeIn(ledger: Ledger, fallbackPath: string, options: ReconcileOptions): Promise<readonly Run[]> {
  const fallback = openLedger(fallbackPath, { mode: "write" });
  try {
    return await takeInFallback(ledger, fallback, options);
  } finally {
    fallback.close();
  }
}
