import { accessSync, chmodSync, closeSync, constants, fchmodSync, mkdirSync, openSync, statSync } from "node:fs";
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
  /** Differs whenever the file has been written or replaced. */
  readonly signature: string;
  readonly bytes: number;
  /** Null: there is no write-ahead log, so nobody has the ledger open and the file is complete by itself. */
  readonly walBytes: number | null;
}

/** @returns null when there is no such file @throws errors of the kernel */
export function fileState(path: string): FileState | null {
  const file = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (!file) return null;
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return {
    inode: Number(file.ino),
    owner: Number(file.uid),
    signature: `${file.dev}:${file.ino}:${file.size}:${file.mtimeNs}`,
    bytes: Number(file.size),
    walBytes: wal?.size ?? null,
  };
}
