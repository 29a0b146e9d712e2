import type { Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import { moment } from "./rows.ts";

interface Row {
  readonly begins: number;
  readonly ends: number;
}

/** The awake journal: one row for each stretch of time that the machine was seen to be awake. */
export function awakeOf({ read, write }: Store): Pick<Ledger, "markAwake" | "awake" | "pruneAwake"> {
  return {
    markAwake(from, until) {
      if (until <= from) return;
      write("relaxed", (database) => {
        const [begins, ends] = [moment(from), moment(until)];
        const extended = database.run("UPDATE awake SET ends = max(ends, ?) WHERE ends = ?", ends, begins);
        if (extended === 0) {
          // The clock may have been set back to a moment that is journaled already.
          const sql =
            "INSERT INTO awake (begins, ends) VALUES (?, ?) ON CONFLICT DO UPDATE SET ends = max(ends, excluded.ends)";
          database.run(sql, begins, ends);
        }
      });
    },

    awake: (from, until) =>
      read((database) =>
        database
          .all<Row>(
            "SELECT begins, ends FROM awake WHERE ends > ? AND begins < ? ORDER BY begins",
            moment(from),
            moment(until),
          )
          .map(({ begins, ends }) => ({ from: Math.max(begins, from), until: Math.min(ends, until) })),
      ),

    pruneAwake: (before) =>
      write("relaxed", (database) => database.run("DELETE FROM awake WHERE ends < ?", moment(before))),
  };
}
