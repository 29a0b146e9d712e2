import type { Ledger } from "../ledger/ledger.ts";
import type { Run } from "../model/run/run.ts";
import { incrementsOf } from "../model/samples/counters.ts";
import { isGone } from "./presence.ts";
import { type ReconcileOptions, reconcile } from "./reconcile.ts";

/**
 * Takes in what runs wrote to the fallback ledger while the ledger proper could not be written, after giving those that were killed
 * meanwhile their true end. Twice is harmless: a run that is known already is left alone.
 * @returns the runs that were new
 */
export async function takeInFallback(
  ledger: Ledger,
  fallback: Ledger,
  options: ReconcileOptions,
): Promise<readonly Run[]> {
  await reconcile(fallback, options);
  const imported: Run[] = [];
  for (const run of fallback.runs({ limit: 10_000 })) {
    if (run.finishedAt === null || run.outcome === null) continue;
    const steps = fallback.steps(run.id);
    const unjournaled = { ...run, journaled: false };
    const { job, outcome, reason, lost } = { ...run, outcome: run.outcome };
    if (
      ledger.importRun(unjournaled, steps, incrementsOf({ job, outcome, reason }, steps, { lost, journaled: false }))
    ) {
      imported.push(unjournaled);
    }
    // Its emission is the ledger's business now.
    fallback.markEmitted([run.id], options.now());
  }
  fallback.pruneRuns(options.now() + 1);
  return imported;
}

/** A run of the job that is alive in a ledger. @param now milliseconds since the epoch */
export function livingRun(ledger: Ledger, job: string, now: number): Run | null {
  return ledger.unfinishedRuns().find((run) => run.job === job && !isGone(run, now)) ?? null;
}
