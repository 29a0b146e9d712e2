import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { StepError } from "../model/run/outcome.ts";
import { maxSecretBytes, problemOfValue } from "./secret.ts";

/** A strong secret: 256 bits, in letters, digits, `-` and `_`. */
export function generateSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** What stands where a secret is to be written; null: nothing. @throws StepError `config` for what must not be replaced by a file */
export function presentFile(file: string): Stats | null {
  const present = lstatSync(file, { throwIfNoEntry: false }) ?? null;
  if (present === null || present.isFile()) return present;
  if (present.isSymbolicLink()) {
    throw new StepError(
      "config",
      `${file} is a link: what it leads to belongs to somebody else, a secret store perhaps`,
      {
        advice: "write the secret where it leads to, or remove the link",
      },
    );
  }
  throw new StepError("config", `${file} is ${present.isDirectory() ? "a folder" : "no regular file"}`, {
    advice: "name a file in the configuration, or move that away",
  });
}

/**
 * Writes a secret, whole or not at all, that only its owner can read. What stood there keeps its owner, and its group may go on reading.
 * A process that is killed leaves the old file, or the new one, and perhaps a private `.NAME.pantheros-…` which the next one removes.
 * @param options.replace what may stand there: nothing (@default), or a file
 * @throws StepError `space`, `config`; its message never holds the value
 */
export function writeSecretFile(file: string, value: string, options: { readonly replace?: boolean } = {}): void {
  const problem = Buffer.byteLength(value) >= maxSecretBytes ? "is longer than 64 KiB" : problemOfValue(value);
  if (problem !== null)
    throw new StepError("config", `the secret for ${file} ${problem}`, { advice: "nothing was written" });
  try {
    const present = presentFile(file);
    if (present !== null && !options.replace) throw exists(file);
    requireSafeFolder(dirname(file));
    removeRemains(file);
    place(file, `${value}\n`, present);
  } catch (error) {
    throw error instanceof StepError ? error : cannotWrite(file, error as NodeJS.ErrnoException);
  }
}

/** The folder of a secret, only for its owner, with what is missing above it. @throws StepError */
export function makeSecretFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw cannotWrite(folder, error as NodeJS.ErrnoException);
  }
}

function place(file: string, content: string, present: Stats | null): void {
  const temporary = join(dirname(file), `${remainsPrefix(file)}${randomBytes(6).toString("hex")}`);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const descriptor = openSync(temporary, flags, 0o600);
  try {
    try {
      if (present !== null) keepOwner(descriptor, file, present);
      fchmodSync(descriptor, 0o600 | ((present?.mode ?? 0) & 0o040));
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (present === null) linkOnly(temporary, file);
    else renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(file));
}

/** Never overwrites what somebody else has made meanwhile. */
function linkOnly(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw exists(file);
    // A file system without hard links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
    renameSync(temporary, file);
  }
}

function keepOwner(descriptor: number, file: string, { uid, gid }: Stats): void {
  try {
    fchownSync(descriptor, uid, gid);
  } catch (cause) {
    throw new StepError("config", `${file} belongs to user ${uid}, which it would lose`, {
      advice: "do it as that user, or as root",
      cause,
    });
  }
}

/** Whoever can rename files in the folder can exchange the secret. */
function requireSafeFolder(folder: string): void {
  const { mode } = statSync(folder);
  if ((mode & 0o002) === 0 || (mode & 0o1000) !== 0) return;
  throw new StepError("config", `every user of this machine can exchange files in ${folder}`, {
    advice: `chmod o-w ${folder}`,
  });
}

const remainsPrefix = (file: string) => `.${basename(file)}.pantheros-`;
/** Another process that writes the same secret right now needs less, in milliseconds. */
const remainsAge = 60_000;

function removeRemains(file: string): void {
  const folder = dirname(file);
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(remainsPrefix(file)))) {
    const path = join(folder, name);
    const remains = lstatSync(path, { throwIfNoEntry: false });
    if (remains?.isFile() && Date.now() - remains.mtimeMs > remainsAge) rmSync(path, { force: true });
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function exists(file: string): StepError {
  return new StepError("config", `${file} exists already, and is left as it is`, { advice: "to replace it: --force" });
}

function cannotWrite(file: string, cause: NodeJS.ErrnoException): StepError {
  const folder = dirname(file);
  const known: Readonly<Record<string, readonly [why: string, advice: string]>> = {
    ENOENT: [`there is no folder ${folder}`, `mkdir -p -m 700 ${folder}`],
    ENOTDIR: [`${folder} is no folder`, "name another place in the configuration"],
    EACCES: ["permission denied", "do it as the owner of the folder, or as root"],
    EPERM: ["the system does not allow it", "do it as root; lsattr tells whether the file is locked against change"],
    EROFS: ["its file system is read-only", "mount it read-write, or name another place in the configuration"],
    ENAMETOOLONG: ["its name is too long", "name another place in the configuration"],
  };
  const full = cause.code === "ENOSPC" || cause.code === "EDQUOT";
  const [why, advice] = full
    ? ["there is no space left", "make room there, then try again"]
    : (known[cause.code ?? ""] ?? [cause.message, "mend that, then try again"]);
  return new StepError(full ? "space" : "config", `${file} cannot be written: ${why}; nothing was changed`, {
    advice,
    cause,
  });
}
