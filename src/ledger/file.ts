import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./failure.ts";

/** Owner writes, group reads: `serve` runs as a user of its own. SQLite gives -wal and -shm the mode and owner of the ledger. */
const fileMode = 0o640;
const directoryMode = 0o750;

/** Creates the ledger's file and folder where they are missing, with their modes whatever the umask. @throws errors of the kernel */
export function prepareFile(path: string): void {
  createDirectory(dirname(path));
  try {
    const file = openSync(path, "wx", fileMode);
    fchmodSync(file, fileMode);
    closeSync(file);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    // SQLite would quietly open read-only what it may not write, and fail much later.
    accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  }
}

function createDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: directoryMode });
  if (first === undefined) return;
  for (let created = directory; created.length >= first.length; created = dirname(created))
    chmodSync(created, directoryMode);
}

/** A ledger's file as it lies on the disk. */
export interface FileState {
  readonly inode: number;
  readonly owner: number;
  readonly bytes: number;
  /** Null: there is no write-ahead log, no writer has the ledger open. */
  readonly walBytes: number | null;
}

/** @returns null when there is no such file @throws errors of the kernel */
export function fileState(path: string): FileState | null {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file) return null;
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return {
    inode: file.ino,
    owner: file.uid,
    bytes: file.size,
    walBytes: wal?.size ?? null,
  };
}

/** Bytes of a SQLite file that say "this is a WAL database", https://sqlite.org/fileformat2.html#file_format_version_numbers */
const readVersion = { position: 19, wal: 2 } as const;

/**
 * Whether the file says of itself that it has a write-ahead log. Never for a ledger that this process has open: closing a file drops the
 * locks that the process holds on it (POSIX).
 */
export function saysWal(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const byte = Buffer.alloc(1);
    return readSync(file, byte, 0, 1, readVersion.position) === 1 && byte[0] === readVersion.wal;
  } finally {
    closeSync(file);
  }
}
