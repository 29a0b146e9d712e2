import { existsSync } from "node:fs";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import { openLedger } from "../ledger/sqlite.ts";
import type { Run } from "../model/run/run.ts";
import { takeInFallback } from "./fallback.ts";
import { type RemovalServices, removeLeftovers } from "./leftovers.ts";
import { type Reconciled, type ReconcileOptions, reconcile } from "./reconcile.ts";

export interface Settled {
  /** Runs that were kept aside while the ledger could not be written. */
  readonly tookIn: readonly Run[];
  /** Runs whose process was gone. */
  readonly reconciled: readonly Reconciled[];
  /** Why what was kept aside could not be taken in; it stays there. */
  readonly problem: LedgerError | null;
  /** What ended runs have left behind and could not be removed, in words; it stays journaled. */
  readonly left: readonly string[];
}

export interface SettleOptions extends ReconcileOptions {
  readonly removal: RemovalServices;
  /** See `removeLeftovers`. @default all */
  readonly leftovers?: "folders" | "all";
}

/**
 * Gives every run that has ended its true end in the ledger. What was kept aside comes first: a run whose end is known there must not be
 * taken for killed here.
 * @param fallbackPath see `openJournal`
 */
export async function settle(ledger: Ledger, fallbackPath: string, options: SettleOptions): Promise<Settled> {
  let tookIn: readonly Run[] = [];
  let problem: LedgerError | null = null;
  try {
    if (existsSync(fallbackPath)) tookIn = await takeIn(ledger, fallbackPath, options);
  } catch (error) {
    // A fallback that is damaged must not keep the dead runs of the ledger from their end.
    if (!(error instanceof LedgerError)) throw error;
    problem = error;
  }
  const reconciled = await reconcile(ledger, options);
  return { tookIn, reconciled, problem, left: await removeLeftovers(ledger, options.removal, options.leftovers) };
}

async function takeIn(ledger: Ledger, fallbackPath: string, options: SettleOptions): Promise<readonly Run[]> {
  const fallback = openLedger(fallbackPath, { mode: "write" });
  try {
    const tookIn = await takeInFallback(ledger, fallback, options);
    // What its runs have left behind is the ledger's business now, as the runs are.
    for (const leftover of fallback.leftovers()) {
      if (fallback.run(leftover.runId)?.finishedAt === null) continue;
      ledger.recordLeftover(leftover);
      fallback.forgetLeftover(leftover.id);
    }
    return tookIn;
  } finally {
    fallback.close();
  }
}
