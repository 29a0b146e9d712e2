import type { Ledger } from "../ledger/ledger.ts";
import type { Run } from "../model/run.ts";

/** Runs that are read at once. */
const page = 500;

/**
 * All runs that started before a moment, newest first, read in pages: a hundred thousand of them are never in memory together.
 * @param until milliseconds since the epoch, exclusive
 */
export function* runsBefore(ledger: Pick<Ledger, "runs">, until: number, job?: string): Generator<Run> {
  let before = until;
  let limit = page;
  let seen = new Set<string>();
  for (;;) {
    const runs = ledger.runs({ before, limit, ...(job === undefined ? {} : { job }) });
    const fresh = runs.filter(({ id }) => !seen.has(id));
    yield* fresh;
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
