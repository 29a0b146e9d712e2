import type { Ledger } from "../ledger/ledger.ts";

/** A ledger as one reading of the state sees it: what many ask for is read once, and is the same for all of them. */
export function oneReading(ledger: Ledger): Ledger {
  return {
    ...ledger,
    observations: once(ledger.observations),
    lastSteps: once(ledger.lastSteps),
    jobStates: once(ledger.jobStates),
    unfinishedRuns: once(ledger.unfinishedRuns),
  };
}

function once<Read extends object>(read: () => Read): () => Read {
  let known: Read | undefined;
  return () => {
    known ??= read();
    return known;
  };
}
