import type { Connect, Database, Source } from "./database.ts";
import { codeOf } from "./failure.ts";
import { fileState, prepareFile } from "./file.ts";
import { identify, migrate, schemaVersion } from "./migrations.ts";

/** How long one process waits for another, milliseconds. */
export const busyTimeout = 5000;
/** The write-ahead log is cut back to this after a large transaction. */
const walLimitBytes = 16 * 1024 * 1024;

/** A ledger in memory: for dry runs, tests, and the run whose ledger cannot be written anywhere. */
export function openInMemory(connect: Connect): Source {
  const database = connect(":memory:");
  database.exec("PRAGMA foreign_keys = ON");
  migrate(database);
  return {
    current: () => database,
    generation: () => 1,
    sizeBytes: () =>
      database.get<{ bytes: number }>("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
        ?.bytes ?? 0,
    close: () => database.close(),
  };
}

/** The ledger for a process that may write it. One that is moved aside while the engine runs is noticed, and a new one begun. */
export function openForWriting(path: string, connect: Connect): Source {
  let database = open(path, connect);
  let inode = fileState(path)?.inode;
  let generation = 1;
  return {
    current() {
      if (fileState(path)?.inode !== inode) {
        database.close();
        database = open(path, connect);
        inode = fileState(path)?.inode;
        generation += 1;
      }
      return database;
    },
    generation: () => generation,
    sizeBytes: () => sizeBytes(path),
    close: () => database.close(),
  };
}

export function sizeBytes(path: string): number {
  const state = fileState(path);
  return state ? state.bytes + (state.walBytes ?? 0) : 0;
}

function open(path: string, connect: Connect): Database {
  prepareFile(path);
  const database = connect(path);
  try {
    const version = identify(database, path);
    enterWal(database);
    database.exec(`PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = ${walLimitBytes}`);
    if (version < schemaVersion) migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite's own waiting does not cover the change to WAL, which two processes that open a new ledger together both want to make. */
function enterWal(database: Database): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const giveUp = performance.now() + busyTimeout; ; Atomics.wait(pause, 0, 0, 5)) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!codeOf(error).startsWith("SQLITE_BUSY") || performance.now() > giveUp) throw error;
    }
  }
}
