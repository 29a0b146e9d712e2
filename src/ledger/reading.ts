import { readFileSync } from "node:fs";
import type { Connect, Database, Source } from "./database.ts";
import { codeOf, explained } from "./failure.ts";
import { type FileState, fileState } from "./file.ts";
import { LedgerError } from "./ledger.ts";
import { identify, schemaVersion } from "./migrations.ts";
import { sizeBytes } from "./writing.ts";

interface Opened {
  readonly database: Database;
  /** The file as it was when its bytes were loaded; null: SQLite reads the file itself and sees every change. */
  readonly loaded: FileState | null;
  readonly inode: number;
}

/**
 * The ledger for a process that may only read it. While a writer lives (or has died), its write-ahead log is there and SQLite reads along.
 * When the last writer has left properly, the log is gone, and SQLite refuses to open a WAL database in a folder where it may not create
 * one: then the file is complete by itself, its bytes are read into memory, and read again when they have changed.
 */
export function openForReading(path: string, connect: Connect, uid: number): Source {
  let opened = open(path, connect, uid);
  let generation = 1;
  return {
    current() {
      if (!isCurrent(path, opened)) {
        const fresh = open(path, connect, uid);
        opened.database.close();
        opened = fresh;
        generation += 1;
      }
      return opened.database;
    },
    generation: () => generation,
    sizeBytes: () => sizeBytes(path),
    close: () => opened.database.close(),
  };
}

function isCurrent(path: string, { loaded, inode }: Opened): boolean {
  const state = fileState(path);
  if (state === null) return false;
  return loaded ? loaded.signature === state.signature && !state.walBytes : state.inode === inode;
}

function open(path: string, connect: Connect, uid: number): Opened {
  for (let attempt = 1; ; attempt += 1) {
    const state = fileState(path);
    if (state === null || (state.bytes === 0 && state.walBytes === null)) throw explained("missing", path, "read");
    const database = openFile(path, connect, state, uid) ?? load(path, connect, state);
    // Null: a writer came or left while we looked. It stays, or it goes.
    if (database) return identified(path, database);
    if (attempt === 5)
      throw new LedgerError("busy", `the ledger ${path} changes faster than it can be read`, "try again");
  }
}

/** @returns null when SQLite cannot read the file itself but its bytes will do */
function openFile(path: string, connect: Connect, state: FileState, uid: number): Opened | null {
  // SQLite would create -wal and -shm, which would then belong to this user and lock the writer out. Root gives them to the owner.
  if (state.walBytes === null && uid !== 0 && uid !== state.owner) return null;
  const database = connect(path, { readOnly: true });
  try {
    database.get("SELECT 1 FROM sqlite_schema LIMIT 1");
    return { database, loaded: null, inode: state.inode };
  } catch (error) {
    database.close();
    if (!state.walBytes && /^SQLITE_(CANTOPEN|READONLY)/.test(codeOf(error))) return null;
    throw error;
  }
}

/** Bytes of a SQLite file that say "this is a WAL database", https://sqlite.org/fileformat2.html#file_format_version_numbers */
const formatVersions = [18, 19] as const;

/** @returns null when somebody wrote while the bytes were read */
function load(path: string, connect: Connect, state: FileState): Opened | null {
  // Never while a writer lives: closing a file drops the locks that this process holds on it (POSIX), and `up` is writer and reader in one.
  if (state.walBytes) return null;
  const bytes = readFileSync(path);
  const after = fileState(path);
  if (after?.signature !== state.signature || after.walBytes) return null;
  if (bytes.length > Math.max(...formatVersions)) for (const position of formatVersions) bytes[position] = 1;
  return { database: connect(bytes, { readOnly: true }), loaded: state, inode: state.inode };
}

function identified(path: string, opened: Opened): Opened {
  try {
    const version = identify(opened.database, path);
    if (version === 0) throw explained("missing", path, "read");
    if (version < schemaVersion) throw older(path, version);
    return opened;
  } catch (error) {
    opened.database.close();
    throw error;
  }
}

function older(path: string, version: number): LedgerError {
  const message = `the ledger ${path} was written by an older pantheros (schema ${version}, this one reads ${schemaVersion})`;
  return new LedgerError("unknown", message, "let its owner bring it up to date: pantheros reconcile");
}
