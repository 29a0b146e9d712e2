import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { LedgerError, type LedgerProblem } from "./ledger.ts";

/** Codes of SQLite (https://sqlite.org/rescode.html) and of the kernel that say by themselves what is wrong. */
const problems: readonly (readonly [RegExp, LedgerProblem])[] = [
  [/^(SQLITE_CORRUPT|SQLITE_NOTADB|Z_)/, "corrupt"],
  [/^SQLITE_(BUSY|LOCKED|PROTOCOL)/, "busy"],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, "full"],
  [/^EROFS/, "read_only"],
  [/^(EACCES|EPERM|SQLITE_PERM|SQLITE_AUTH)/, "permission"],
  [/^ENOENT/, "missing"],
];
/** Codes that only say that a file could not be opened, read or written: the file system knows why. */
const looksLikeFiles = /^(ENOENT|SQLITE_(CANTOPEN|READONLY|IOERR))/;
/** SQLite needs room for a page in the ledger, its WAL and its index; with less than this, an I/O error is a full disk. */
const leastFreeBytes = 256 * 1024;

/** Anything thrown while working with the ledger, as one sentence about what is wrong and one about what to do. */
export function toLedgerError(error: unknown, path: string, mode: "read" | "write"): LedgerError {
  if (error instanceof LedgerError) return error;
  if (error instanceof Error && codeOf(error) === "" && !(error instanceof SyntaxError)) {
    // Said by ourselves or by better-sqlite3 about how it was called; no state of the disk explains it.
    const advice = "this is a fault of pantheros: report it with this message";
    return new LedgerError("unknown", `the ledger ${path} was used wrongly: ${error.message}`, advice, error);
  }
  return explained(problemOf(error, path, mode), path, mode, error);
}

/** A problem that needs no error to be known, in the same words. */
export function explained(problem: LedgerProblem, path: string, mode: "read" | "write", cause?: unknown): LedgerError {
  const { message, advice } = explanations[problem](path, mode);
  return new LedgerError(problem, cause === undefined ? message : `${message} (${describe(cause)})`, advice, cause);
}

function problemOf(error: unknown, path: string, mode: "read" | "write"): LedgerProblem {
  // Stored JSON that is none any more (Z_…: that cannot be unpacked): bytes were changed where SQLite does not look.
  if (error instanceof SyntaxError) return "corrupt";
  const code = codeOf(error);
  const known = problems.find(([pattern]) => pattern.test(code))?.[1];
  // Node says ENOENT, too, when it cannot create folders on a read-only file system; and a writer misses nothing, it creates.
  if (known && !(known === "missing" && mode === "write")) return known;
  if (!looksLikeFiles.test(code) || path === ":memory:") return "unknown";
  // A reader needs room only for the index of the log.
  return problemOfFiles(path, mode, mode === "write" || code.startsWith("SQLITE_IOERR_SHM"));
}

function problemOfFiles(path: string, mode: "read" | "write", needsRoom: boolean): LedgerProblem {
  const { R_OK, W_OK, X_OK } = constants;
  const directory = nearestDirectory(dirname(path));
  try {
    accessSync(directory, mode === "write" ? W_OK | X_OK : X_OK);
    if (existsSync(path)) accessSync(path, mode === "write" ? R_OK | W_OK : R_OK);
    const { bavail, bsize } = statfsSync(directory);
    return needsRoom && bavail * bsize < leastFreeBytes ? "full" : "unknown";
  } catch (error) {
    return problems.find(([pattern]) => pattern.test(codeOf(error)))?.[1] ?? "unknown";
  }
}

/** The folder itself, or the one in which it would have to be created. */
function nearestDirectory(directory: string): string {
  return existsSync(directory) || directory === dirname(directory) ? directory : nearestDirectory(dirname(directory));
}

const explanations: Record<
  LedgerProblem,
  (path: string, mode: "read" | "write") => { message: string; advice: string }
> = {
  corrupt: (path) => ({
    message: `the ledger ${path} is damaged`,
    advice: `stop pantheros and move it aside, a new one begins with the next run: ${moveAside(path)}`,
  }),
  read_only: (path) => ({
    message: `the ledger ${path} is on a read-only file system`,
    advice: `find out why it is read-only: findmnt --target ${quote(dirname(path))}; dmesg`,
  }),
  full: (path) => ({
    message: `there is no space left for the ledger ${path}`,
    advice: `make room: df -h ${quote(dirname(path))}`,
  }),
  newer: (path) => ({
    message: `the ledger ${path} was written by a newer pantheros`,
    advice: "use that newer pantheros",
  }),
  permission: (path, mode) => ({
    message: `the ledger ${path} may not be ${mode === "write" ? "written" : "read"} by this user`,
    advice: `run pantheros as the owner of the ledger${mode === "write" ? "" : ", or join its group"}: ls -ld ${quote(dirname(path))} ${quote(path)}`,
  }),
  missing: (path) => ({
    message: `there is no ledger at ${path}: no run has been journaled yet`,
    advice: "start a job (pantheros run JOB), or check state_directory in the configuration",
  }),
  busy: (path) => ({
    message: `the ledger ${path} is being written by another process for more than 5 seconds`,
    advice: `find out which, and whether its disk still answers: fuser -v ${quote(path)}`,
  }),
  unknown: (path) => ({
    message: `the ledger ${path} cannot be used`,
    advice: "look for errors of the disk (dmesg); if there are none, report this with the message",
  }),
};

function moveAside(path: string): string {
  const aside = quote(join(dirname(path), "damaged-ledger"));
  // All three files: an old -wal beside a new ledger would belong to neither.
  return `mkdir ${aside} && mv ${quote(path)}* ${aside}/`;
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  return code === "" || error.message.startsWith(code) ? error.message : `${code}: ${error.message}`;
}
