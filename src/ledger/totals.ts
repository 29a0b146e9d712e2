import { noReason, otherReason } from "../model/metrics/label-values.ts";
import { metrics } from "../model/metrics.ts";
import { mostCountedReasons } from "../model/samples/bound.ts";
import type { Sample } from "../model/samples/sample.ts";
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
  const countedAs = reasonBound(database);
  for (const { metric, labels, value } of increments) {
    if (value === undefined) throw new Error(`${metric} is an age and cannot be added up`);
    const sql =
      "INSERT INTO totals (metric, labels, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value";
    database.run(sql, metric, countedAs(metric, labels), value);
  }
}

/** Gives the labels that an increment is counted under, see `mostCountedReasons`, as they are stored; for increments that are added at once. */
function reasonBound(database: Database) {
  // Every row is looked at for it: counted once for all of them, after a crash there may be thousands.
  let reasons: number | undefined;
  return (metric: string, labels: Readonly<Record<string, string>>): string => {
    const { reason } = labels;
    const own = canonical(labels);
    if (reason === undefined || reason === noReason || reason === otherReason) return own;
    const has = (known: string) =>
      database.get("SELECT 1 FROM totals WHERE metric = ? AND labels = ?", metric, known) !== undefined;
    if (has(own)) return own;
    const folded = canonical({ ...labels, reason: otherReason });
    // Totals are never removed: what was full once is full.
    if (has(folded)) return folded;
    reasons ??= countReasons(database);
    if (reasons >= mostCountedReasons) return folded;
    reasons += 1;
    return own;
  };
}

function countReasons(database: Database): number {
  const sql = "SELECT count(*) AS count FROM totals WHERE labels ->> 'reason' NOT IN (?, ?)";
  return database.get<{ count: number }>(sql, noReason, otherReason)?.count ?? 0;
}

/** False for a metric that another version of pantheros stored: it is kept, but nobody here could render it. */
export function isCatalogued(sample: Sample): boolean {
  return Object.hasOwn(metrics, sample.metric);
}

/** The same labels in the same order, whoever wrote them. */
function canonical(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));
}
