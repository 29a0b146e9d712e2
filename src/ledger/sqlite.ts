import BetterSqlite from "better-sqlite3";
import { awakeOf } from "./awake.ts";
import { childrenOf } from "./children.ts";
import type { Connect, Database, Durability, Source, Store } from "./database.ts";
import { declarationsOf } from "./declarations.ts";
import { toLedgerError } from "./failure.ts";
import { historyOf } from "./history.ts";
import { jobStatesOf } from "./job-states.ts";
import { type Ledger, LedgerError } from "./ledger.ts";
import { leftoversOf } from "./leftovers.ts";
import { lostRunsOf } from "./lost.ts";
import { measurementsOf } from "./measurements.ts";
import { notesOf } from "./notes.ts";
import { observationsOf } from "./observations.ts";
import { openForReading } from "./reading.ts";
import { runsOf } from "./runs.ts";
import { stepsOf } from "./steps.ts";
import { totalsOf } from "./totals.ts";
import { busyTimeout, openForWriting, openInMemory } from "./writing.ts";

export interface OpenLedgerOptions {
  /**
   * `write` creates the ledger (0640) and its folder (0750) where they are missing. `read` needs read permission only and never changes
   * what it reads; every method that writes then throws `read_only`.
   */
  readonly mode: "read" | "write";
  /** With `read`: it is closed again in a moment, and may keep writers out for so long where a full disk leaves no other way. @default false */
  readonly brief?: boolean;
}

/**
 * Opens the ledger of this host.
 * @param path a file, or `:memory:` for one that ends with the process
 * @throws LedgerError as all its methods do: `missing` only when reading
 */
export function openLedger(path: string, { mode, brief = false }: OpenLedgerOptions): Ledger {
  return guarded(path, mode, () => {
    const source = openSource(path, mode, brief);
    const store = createStore(source, path, mode);
    const ledger: Ledger = {
      path,
      ...runsOf(store),
      ...lostRunsOf(store),
      ...stepsOf(store),
      ...childrenOf(store),
      ...leftoversOf(store),
      ...historyOf(store),
      ...jobStatesOf(store),
      ...declarationsOf(store),
      ...totalsOf(store),
      ...observationsOf(store),
      ...measurementsOf(store),
      ...notesOf(store),
      ...awakeOf(store),
      version: store.version,
      sizeBytes: source.sizeBytes,
      close: source.close,
    };
    return guardEach(ledger, path, mode);
  });
}

function openSource(path: string, mode: "read" | "write", brief: boolean): Source {
  if (path === ":memory:") return openInMemory(connect);
  if (mode === "write") return openForWriting(path, connect);
  return openForReading(path, connect, { uid: process.geteuid?.() ?? 0, brief });
}

/** better-sqlite3 as the ledger uses it: statements are compiled once per connection. */
const connect: Connect = (target, options = {}) => {
  const sqlite = new BetterSqlite(target, { readonly: options.readOnly ?? false, timeout: busyTimeout });
  const statements = new Map<string, BetterSqlite.Statement>();
  const prepared = (sql: string) => {
    const statement = statements.get(sql) ?? sqlite.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    get: <Row>(sql: string, ...values: unknown[]) => prepared(sql).get(...values) as Row | undefined,
    all: <Row>(sql: string, ...values: unknown[]) => prepared(sql).all(...values) as Row[],
    run: (sql, ...values) => prepared(sql).run(...values).changes,
    exec: (sql) => void sqlite.exec(sql),
    transaction: (work) => sqlite.transaction(work).immediate(),
    close: () => void sqlite.close(),
  };
};

/** How hard SQLite waits for the disk when a transaction ends, https://sqlite.org/pragma.html#pragma_synchronous */
const synchronous: Record<Durability, string> = { durable: "FULL", relaxed: "NORMAL" };

function createStore(source: Source, path: string, mode: "read" | "write"): Store & Pick<Ledger, "version"> {
  let ownWrites = 0;
  let changes = 0;
  let seen = "";

  function write<T>(durability: Durability, work: (database: Database) => T): T {
    if (mode === "read") {
      throw new LedgerError("read_only", `the ledger ${path} was opened for reading`, "open it for writing");
    }
    const database = source.current();
    database.exec(`PRAGMA synchronous = ${synchronous[durability]}`);
    const result = database.transaction(() => work(database));
    ownWrites += 1;
    return result;
  }

  return {
    generation: source.generation,
    read: source.read,
    write,
    // SQLite's data_version changes with what other connections write, not with what this one writes.
    version(): number {
      const others = source.read(
        (database) => database.get<{ data_version: number }>("PRAGMA data_version")?.data_version,
      );
      const now = `${source.generation()} ${others} ${ownWrites}`;
      if (now !== seen) changes += 1;
      seen = now;
      return changes;
    },
  };
}

function guarded<T>(path: string, mode: "read" | "write", work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toLedgerError(error, path, mode);
  }
}

/** Every method throws LedgerError and nothing else. */
function guardEach(ledger: Ledger, path: string, mode: "read" | "write"): Ledger {
  const methods = Object.entries(ledger).map(([name, member]) => [
    name,
    typeof member === "function" ? (...args: unknown[]) => guarded(path, mode, () => member(...args)) : member,
  ]);
  return Object.fromEntries(methods);
}
