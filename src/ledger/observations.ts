import type { Observation } from "../model/samples/sample.ts";
import type { Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import { isCatalogued } from "./totals.ts";

/**
 * What each collector saw last. Five thousand artifacts are half a megabyte of JSON, read by several collectors and at every change of
 * the page: what has been parsed, or has just been written, is kept until its revision changes.
 */
export function observationsOf({ read, write, generation }: Store): Pick<Ledger, "saveObservation" | "observations"> {
  const remembered = new Map<string, { readonly revision: string; readonly observation: Observation }>();
  const remember = (revision: number, observation: Observation) => {
    remembered.set(observation.collector, { revision: `${generation()}:${revision}`, observation });
    return observation;
  };

  return {
    // Relaxed: what is lost with the power is seen again at the next look.
    saveObservation(observation) {
      const state = JSON.stringify(observation);
      const revision = write("relaxed", (database) => {
        const row = database.get<{ revision: number }>(
          `INSERT INTO observations (collector, revision, attempted_at, state) VALUES (?, 1, ?, ?)
           ON CONFLICT DO UPDATE SET revision = revision + 1, attempted_at = excluded.attempted_at, state = excluded.state
           RETURNING revision`,
          ...[observation.collector, observation.attemptedAt, state],
        );
        return row?.revision ?? 0;
      });
      remember(revision, observation);
    },

    observations: () =>
      read((database) =>
        database
          .all<{ collector: string; revision: number }>(
            "SELECT collector, revision FROM observations ORDER BY collector",
          )
          .flatMap(({ collector, revision }) => {
            const known = remembered.get(collector);
            if (known?.revision === `${generation()}:${revision}`) return [known.observation];
            type Row = { revision: number; state: string };
            const row = database.get<Row>("SELECT revision, state FROM observations WHERE collector = ?", collector);
            return row ? [remember(row.revision, parse(row.state))] : [];
          }),
      ),
  };
}

function parse(state: string): Observation {
  const observation: Observation = JSON.parse(state);
  return { ...observation, samples: observation.samples.filter(isCatalogued) };
}
