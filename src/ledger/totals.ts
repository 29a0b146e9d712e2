import { metrics } from "../model/metrics.ts";
import type { Sample } from "../model/sample.ts";
import type { Database, Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";

interface TotalRow {
  readonly metric: string;
  readonly labels: string;
  readonly value: number;
}

export function totalsOf({ read, write }: Store): Pick<Ledger, "totals" | "addToTotals"> {
  return {
    addToTotals: (increments) => write("durable", (database) => addTotals(database, increments)),

    totals: () =>
      read((database) =>
        database
          .all<TotalRow>("SELECT metric, labels, value FROM totals ORDER BY metric, labels")
          .map(({ metric, labels, value }) => ({ metric, labels: JSON.parse(labels), value }) as Sample)
          .filter(isCatalogued),
      ),
  };
}

/** Part of the transaction that the increments belong to. */
export function addTotals(database: Database, increments: readonly Sample[]): void {
  for (const { metric, labels, value } of increments) {
    if (value === undefined) throw new Error(`${metric} is an age and cannot be added up`);
    const sql =
      "INSERT INTO totals (metric, labels, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value";
    database.run(sql, metric, canonical(labels), value);
  }
}

/** False for a metric that another version of pantheros stored: it is kept, but nobody here could render it. */
export function isCatalogued(sample: Sample): boolean {
  return Object.hasOwn(metrics, sample.metric);
}

/** The same labels in the same order, whoever wrote them. */
function canonical(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));
}
