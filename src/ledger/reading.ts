import type { Connect, Database, Source } from "./database.ts";
import { codeOf, explained } from "./failure.ts";
import { type FileState, fileState, saysWal } from "./file.ts";
import { LedgerError } from "./ledger.ts";
import { identify, schemaVersion } from "./migrations.ts";
import { pause } from "./pause.ts";
import { sizeBytes } from "./writing.ts";

interface Opened {
  readonly database: Database;
  readonly inode: number;
}

interface Reader {
  readonly uid: number;
  /** It is gone in a moment. */
  readonly brief: boolean;
}

/** While a writer comes or leaves, the file says for as long as one wait for the disk that it has a log, and there is none. */
const patience = { attempts: 10, pause: 5 } as const;

/**
 * The ledger for a process that may only read it. While a writer lives (or was killed), its write-ahead log (WAL) and index are there, and
 * SQLite reads along. When the last writer has left, the log is turned off, and SQLite reads the file by itself. It follows from one to
 * the other within an open connection.
 */
export function openForReading(path: string, connect: Connect, { uid, brief }: Reader): Source {
  const openOnce = () => open(path, brief ? evenWithoutRoom(connect) : connect, uid);
  let opened = patiently(openOnce);
  let generation = 1;
  const current = () => {
    if (fileState(path)?.inode !== opened.inode) {
      const fresh = openOnce();
      opened.database.close();
      opened = fresh;
      generation += 1;
    }
    return opened.database;
  };
  return {
    current,
    read: (work) => patiently(() => work(current())),
    generation: () => generation,
    sizeBytes: () => sizeBytes(path),
    close: () => opened.database.close(),
  };
}

/** Does it again when a writer came or left in its midst. */
function patiently<T>(work: () => T): T {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return work();
    } catch (error) {
      if (attempt === patience.attempts || !isUnsettled(error)) throw error;
      pause(patience.pause);
    }
  }
}

function isUnsettled(error: unknown): boolean {
  return error instanceof LedgerError ? error.problem === "busy" : /^SQLITE_(CANTOPEN|READONLY)/.test(codeOf(error));
}

function open(path: string, connect: Connect, uid: number): Opened {
  const state = fileState(path);
  if (state === null || (state.bytes === 0 && state.walBytes === null)) throw explained("missing", path, "read");
  // SQLite would create -wal and -shm, which would then belong to this user and lock the writer out. Root gives them to the owner.
  if (isStranger(uid, state) && state.walBytes === null && saysWal(path)) throw leftInDisorder(path);
  const database = connect(path, { readOnly: true });
  try {
    const version = identify(database, path);
    if (version === 0) throw explained("missing", path, "read");
    if (version < schemaVersion) throw older(path, version);
    return { database, inode: state.inode };
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * On a full disk a writer cannot turn its log off when it leaves, and SQLite finds no room for the index of that log: the state could not be shown
 * when it matters most. The index is kept in memory then, for which SQLite keeps all others out (https://sqlite.org/wal.html#noshm): nothing for
 * those who stay. Only for who may write the file.
 */
function evenWithoutRoom(connect: Connect): Connect {
  return (path, options) => {
    const database = connect(path, options);
    try {
      database.exec("SELECT 1 FROM sqlite_schema LIMIT 1");
      return database;
    } catch (error) {
      database.close();
      if (!codeOf(error).startsWith("SQLITE_IOERR_SHM")) return connect(path, options);
    }
    const alone = connect(path);
    alone.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON");
    return alone;
  };
}

function isStranger(uid: number, state: FileState): boolean {
  return uid !== 0 && uid !== state.owner;
}

/** A writer was killed in the moment in which it came or left, or the power was lost; or a file that was copied without its log. */
function leftInDisorder(path: string): LedgerError {
  const message = `the ledger ${path} was not closed properly, and this user may not bring it in order`;
  return new LedgerError("busy", message, "the next run does, or its owner at once: pantheros reconcile");
}

function older(path: string, version: number): LedgerError {
  const message = `the ledger ${path} was written by an older pantheros (schema ${version}, this one reads ${schemaVersion})`;
  return new LedgerError("unknown", message, "let its owner bring it up to date: pantheros reconcile");
}
