import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { StepError } from "../model/run/outcome.ts";
import { Secret } from "../model/secret.ts";
import type { SecretReference } from "./scalars.ts";

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `$CREDENTIALS_DIRECTORY`, where systemd puts what `LoadCredential=` names. @default that variable of `env` */
  readonly credentialsDirectory?: string | undefined;
  /** Who reads. @default the user of this process */
  readonly uid?: number;
}

/** Whether a secret can be used, and if not, what is wrong with the place that it is read from. */
export type SecretState = "ok" | "missing" | "empty" | "open to others" | "not ours" | "unreadable" | "no secret";

/** What is wrong with a secret; never its value. */
export interface SecretProblem {
  readonly state: Exclude<SecretState, "ok">;
  readonly message: string;
  readonly advice: string;
}

type Refused = SecretProblem & { readonly cause?: unknown };

/** Larger is no secret, in bytes. */
export const maxSecretBytes = 64 * 1024;

/**
 * Reads a secret from where the configuration says it is; one newline at its end does not belong to it.
 * @throws StepError `auth`: not there, not readable, readable by everyone, someone else's, empty, or no text
 */
export function readSecret(reference: SecretReference, sources: SecretSources): Secret {
  const found = look(reference, sources);
  const origin = originOf(reference);
  if (typeof found === "string") return new Secret(found, origin);
  const { message, advice, cause } = found;
  throw new StepError("auth", `the secret from ${origin} cannot be used: ${message}`, { advice, cause });
}

/** Looks at a secret as `readSecret` does, and forgets its value. @returns null: it can be used */
export function problemOfSecret(reference: SecretReference, sources: SecretSources): SecretProblem | null {
  const found = look(reference, sources);
  if (typeof found === "string") return null;
  const { state, message, advice } = found;
  return { state, message, advice };
}

/** What keeps a text from being a secret; null: nothing. */
export function problemOfValue(value: string): string | null {
  if (value === "") return "is empty";
  return value.includes("\0") ? "holds a NUL character" : null;
}

/** `file /etc/pantheros/restic.password`, fit to be shown. */
function originOf(reference: SecretReference): string {
  if ("file" in reference) return `file ${reference.file}`;
  return "credential" in reference
    ? `credential ${reference.credential}`
    : `environment variable ${reference.environment}`;
}

function look(reference: SecretReference, sources: SecretSources): string | Refused {
  if ("environment" in reference) return fromEnvironment(reference.environment, sources.env);
  if ("file" in reference) return fromFile(reference.file, sources);
  const directory = sources.credentialsDirectory ?? sources.env["CREDENTIALS_DIRECTORY"];
  const advice = `add LoadCredential=${reference.credential}:/path to its unit, or start it with systemctl`;
  if (directory === undefined || !isAbsolute(directory))
    return { state: "missing", message: "systemd passed no credentials to this process", advice };
  const found = fromFile(join(directory, reference.credential), sources);
  return typeof found !== "string" && found.state === "missing" ? { ...found, advice } : found;
}

function fromEnvironment(variable: string, env: SecretSources["env"]): string | Refused {
  const value = env[variable];
  if (value) return value;
  const advice = `set ${variable} where pantheros is started`;
  return value === undefined
    ? { state: "missing", message: "it is not set", advice }
    : { state: "empty", message: "it is empty", advice };
}

function fromFile(path: string, sources: SecretSources): string | Refused {
  const bytes = readGuarded(path, sources.uid ?? process.getuid?.() ?? 0);
  if (!Buffer.isBuffer(bytes)) return bytes;
  const advice = "write the secret as text";
  let value: string;
  try {
    value = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch (cause) {
    return { state: "no secret", message: `${path} is not text in UTF-8`, advice, cause };
  }
  const problem = problemOfValue(value);
  if (problem === null) return value;
  return value === ""
    ? { state: "empty", message: `${path} ${problem}`, advice: `write the secret into ${path}` }
    : { state: "no secret", message: `${path} ${problem}`, advice };
}

/** Looks at the open file, so that what was checked is what is read. */
function readGuarded(path: string, uid: number): Buffer | Refused {
  const descriptor = open(path);
  if (typeof descriptor !== "number") return descriptor;
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile())
      return {
        state: "no secret",
        message: `${path} is not a regular file`,
        advice: "name a file that holds the secret",
      };
    if ((status.mode & 0o007) !== 0) {
      const message = `every user of this machine can open ${path}`;
      return { state: "open to others", message, advice: `chmod 600 ${path}, and renew the secret` };
    }
    if (status.uid !== 0 && status.uid !== uid) {
      const message = `${path} belongs to user ${status.uid}, who could exchange it`;
      return { state: "not ours", message, advice: `chown ${uid === 0 ? "root" : uid} ${path}` };
    }
    if (status.size > maxSecretBytes)
      return { state: "no secret", message: `${path} is larger than 64 KiB`, advice: "is this the right file?" };
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string): number | Refused {
  try {
    // A pipe without a writer must not stop us; a link is followed, since secret stores publish their files by links.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") {
      const advice = `create it with: pantheros secrets init ${path}`;
      return { state: "missing", message: `there is no file ${path}`, advice, cause };
    }
    const why = code === "EACCES" ? "permission denied" : String(code ?? cause);
    const advice = `let the user that runs pantheros read ${path}`;
    return { state: "unreadable", message: `${path} cannot be opened: ${why}`, advice, cause };
  }
}
