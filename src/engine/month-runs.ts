import type { BriefStep, Ledger } from "../ledger/ledger.ts";
import type { Run } from "../model/run/run.ts";

/** Runs that are read at once. */
const page = 500;

/**
 * All runs that started in a time, newest first, with their steps. Both are read in pages: a hundred thousand of them are never in memory together,
 * and asking for the steps of each run by itself takes most of the time.
 * @param from milliseconds since the epoch
 * @param until exclusive
 */
export function* runsWithSteps(
  ledger: Pick<Ledger, "runs" | "stepsOfRuns">,
  from: number,
  until: number,
): Generator<{ readonly run: Run; readonly steps: readonly BriefStep[] }> {
  for (const runs of pagesBefore(ledger, until)) {
    const own = runs.filter(({ startedAt }) => startedAt >= from);
    const steps = ledger.stepsOfRuns(own.map(({ id }) => id));
    for (const run of own) yield { run, steps: steps.get(run.id) ?? [] };
    if (own.length < runs.length) return;
  }
}

function* pagesBefore(ledger: Pick<Ledger, "runs">, until: number): Generator<readonly Run[]> {
  let before = until;
  let limit = page;
  let seen = new Set<string>();
  for (;;) {
    const runs = ledger.runs({ before, limit });
    yield runs.filter(({ id }) => !seen.has(id));
    const last = runs.at(-1);
    if (!last || runs.length < limit) return;
    // Runs of one millisecond may be cut apart by a page: they are asked for once more, with a page large enough to get past them.
    const ties = runs.filter(({ startedAt }) => startedAt === last.startedAt).map(({ id }) => id);
    const isStuck = last.startedAt + 1 === before;
    seen = new Set(isStuck ? [...seen, ...ties] : ties);
    limit = isStuck ? limit * 2 : page;
    before = last.startedAt + 1;
  }
}
