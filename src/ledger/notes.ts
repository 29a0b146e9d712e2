import type { JsonValue } from "../model/measurement.ts";
import type { Database, Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";

/** What a collector keeps for its own next look. Durable: a note may stand for thousands of requests that cost money. */
export function notesOf({ read, write }: Store): Pick<Ledger, "remember" | "revise" | "recall"> {
  return {
    remember: (owner, key, value) => write("durable", (database) => replace(database, owner, key, value)),

    revise: (owner, key, change) =>
      write("durable", (database) => replace(database, owner, key, change(noteIn(database, owner, key)))),

    recall: (owner, key) => read((database) => noteIn(database, owner, key)),
  };
}

function replace(database: Database, owner: string, key: string, value: JsonValue | null): void {
  if (value === null) database.run("DELETE FROM notes WHERE owner = ? AND key = ?", owner, key);
  else {
    const note = JSON.stringify(value);
    database.run("INSERT OR REPLACE INTO notes (owner, key, note) VALUES (?, ?, ?)", owner, key, note);
  }
}

function noteIn(database: Database, owner: string, key: string): unknown {
  const row = database.get<{ note: string }>("SELECT note FROM notes WHERE owner = ? AND key = ?", owner, key);
  return row === undefined ? null : JSON.parse(row.note);
}
