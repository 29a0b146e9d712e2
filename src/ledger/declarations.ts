import type { Database, Store } from "./database.ts";
import type { Ledger } from "./ledger.ts";
import { moment } from "./rows.ts";

type Kind = Parameters<Ledger["declared"]>[0];

export function declarationsOf({ read, write }: Store): Pick<Ledger, "declare" | "declared"> {
  return {
    declare(kind, names, at) {
      const known = read((database) => declared(database, kind));
      // Said at the start of every run, and almost never anything new: no transaction then.
      if (names.length === known.size && names.every((name) => known.has(name))) return known;
      return write("relaxed", (database) => {
        const gone = [...declared(database, kind).keys()].filter((name) => !names.includes(name));
        for (const name of gone) database.run("DELETE FROM declarations WHERE kind = ? AND name = ?", kind, name);
        for (const name of names) {
          database.run(
            "INSERT INTO declarations (kind, name, declared_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            kind,
            name,
            moment(at),
          );
        }
        return declared(database, kind);
      });
    },

    declared: (kind) => read((database) => declared(database, kind)),
  };
}

function declared(database: Database, kind: Kind): Map<string, number> {
  const sql = "SELECT name, declared_at AS at FROM declarations WHERE kind = ?";
  return new Map(database.all<{ name: string; at: number }>(sql, kind).map(({ name, at }) => [name, at]));
}
