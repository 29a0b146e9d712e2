import type { Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";

/** What a collector keeps for its own next look. Durable: a note may stand for thousands of requests that cost money. */
export function notesOf({ read, write }: Store): Pick<Ledger, "remember" | "recall"> {
  return {
    remember(owner, key, value) {
      write("durable", (database) => {
        if (value === null) database.run("DELETE FROM notes WHERE owner = ? AND key = ?", owner, key);
        else {
          const note = JSON.stringify(value);
          database.run("INSERT OR REPLACE INTO notes (owner, key, note) VALUES (?, ?, ?)", owner, key, note);
        }
      });
    },

    recall: (owner, key) =>
      read((database) => {
        const sql = "SELECT note FROM notes WHERE owner = ? AND key = ?";
        const row = database.get<{ note: string }>(sql, owner, key);
        return row === undefined ? null : JSON.parse(row.note);
      }),
  };
}
