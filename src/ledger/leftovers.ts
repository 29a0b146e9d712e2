import type { Store } from "./database.ts";
import type { Ledger, LeftoverRecord } from "./ledger.ts";
import { pack, unpack } from "./packed.ts";

interface LeftoverRow extends Omit<LeftoverRecord, "what"> {
  readonly what: Buffer | null;
}

/** What steps have made for a while. Not tied to the row of its run: it is there until it was removed, also when the run is pruned. */
export function leftoversOf({ read, write }: Store): Pick<Ledger, "recordLeftover" | "forgetLeftover" | "leftovers"> {
  return {
    recordLeftover: ({ id, runId, job, uses, what }) =>
      write("durable", (database) => {
        const values = [id, runId, job, uses, pack(what)];
        database.run(
          "INSERT OR REPLACE INTO leftovers (id, run_id, job, uses, what) VALUES (?, ?, ?, ?, ?)",
          ...values,
        );
      }),

    // Relaxed: removing a second time what is gone harms nobody.
    forgetLeftover: (id) =>
      write("relaxed", (database) => {
        database.run("DELETE FROM leftovers WHERE id = ?", id);
      }),

    leftovers: () =>
      read((database) =>
        database
          .all<LeftoverRow>("SELECT id, run_id AS runId, job, uses, what FROM leftovers ORDER BY rowid")
          .map((row) => ({ ...row, what: unpack(row.what, {}) })),
      ),
  };
}
