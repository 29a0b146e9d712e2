import type { Connect, Database, Source } from "./database.ts";
import { codeOf } from "./failure.ts";
import { fileState, prepareFile } from "./file.ts";
import { identify, migrate, schemaVersion } from "./migrations.ts";
import { pause } from "./pause.ts";

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
    read: (work) => work(database),
    current: () => database,
    generation: () => 1,
    sizeBytes: () =>
      database.get<{ bytes: number }>("SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size")
        ?.bytes ?? 0,
    close: () => database.close(),
  };
}

/**
 * The ledger for a process that may write it. One that is moved aside while the engine runs is noticed, and a new one begun.
 *
 * While writers are there, it keeps a write-ahead log (WAL), which lets readers read while they write. SQLite cannot read a file that says
 * it has one without creating it, which a reader with read permission may not: therefore the last to leave turns it off again, and the
 * file is complete and readable by itself until the next writer comes.
 */
export function openForWriting(path: string, connect: Connect): Source {
  let database = open(path, connect);
  let inode = fileState(path)?.inode;
  let generation = 1;
  const moved = () => fileState(path)?.inode !== inode;
  const current = () => {
    if (moved()) {
      database.close();
      database = open(path, connect);
      inode = fileState(path)?.inode;
      generation += 1;
    }
    return database;
  };
  return {
    read: (work) => work(current()),
    current,
    generation: () => generation,
    sizeBytes: () => sizeBytes(path),
    close: () => leave(path, database, inode, connect),
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
  const giveUp = process.uptime() + busyTimeout / 1000;
  for (;;) {
    try {
      const { journal_mode: mode } = database.get<{ journal_mode: string }>("PRAGMA journal_mode") ?? {
        journal_mode: "",
      };
      if (mode !== "wal") database.exec(`PRAGMA journal_mode = ${withoutLog}; PRAGMA journal_mode = WAL`);
      // Creates the log at once: readers cannot read a file that says it has one before it is there.
      database.exec("SELECT 1 FROM sqlite_schema LIMIT 1");
      return;
    } catch (error) {
      if (!codeOf(error).startsWith("SQLITE_BUSY") || process.uptime() > giveUp) throw error;
      pause(5);
    }
  }
}

/**
 * The rollback journal for the change to WAL and back, the only transactions outside of WAL: none on the disk. Such a change overwrites
 * some bytes in the first 100 of the file, which no disk tears apart; a journal would cost four waits for the disk in each run, and one
 * that a killed writer left could not be rolled back by a reader.
 */
const withoutLog = "memory";
/** How often a writer that was not alone tries to leave. */
const leavingAttempts = 5;

/** Turns the WAL off when nobody else has the ledger open, else leaves it to them. Never throws: everything is committed already. */
function leave(path: string, last: Database, inode: number | undefined, connect: Connect): void {
  let database = last;
  try {
    for (let attempt = 1; ; attempt += 1) {
      // The log of a ledger that was moved aside lies elsewhere: what has its name here belongs to another ledger.
      const left = fileState(path)?.inode !== inode || leaveWal(database);
      database.close();
      // Not left, and the log is gone: the others left at the same moment, SQLite tidied up, and the file still says that it has a log.
      if (left || attempt === leavingAttempts || fileState(path)?.walBytes !== null) return;
      pause((process.pid % 7) * attempt);
      database = connect(path);
    }
  } catch {
    // No file handles, no permission any more: the next writer brings it in order.
    database.close();
  }
}

/** @returns whether the file is complete by itself now */
function leaveWal(database: Database): boolean {
  try {
    // A reader that stays is not waited for.
    database.exec("PRAGMA busy_timeout = 0");
    return database.get<{ journal_mode: string }>(`PRAGMA journal_mode = ${withoutLog}`)?.journal_mode === withoutLog;
  } catch {
    return false; // Busy: somebody else has it open. Full, read-only: SQLite keeps the log, and the next writer goes on with it.
  }
}
