import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { StepError } from "../model/outcome.ts";
import { Secret } from "../model/secret.ts";
import type { SecretReference } from "./schema.ts";

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `$CREDENTIALS_DIRECTORY`, where systemd puts what `LoadCredential=` names. @default that variable of `env` */
  readonly credentialsDirectory?: string | undefined;
  /** Who reads. @default the user of this process */
  readonly uid?: number;
}

const maxBytes = 64 * 1024;

/**
 * Reads a secret from where the configuration says it is; one newline at its end does not belong to it.
 * @throws StepError `auth`: not there, not readable, readable by everyone, someone else's, empty, or no text
 */
export function readSecret(reference: SecretReference, sources: SecretSources): Secret {
  if ("environment" in reference) return fromEnvironment(reference.environment, sources.env);
  if ("file" in reference) return fromFile(reference.file, `file ${reference.file}`, sources);
  const directory = sources.credentialsDirectory ?? sources.env["CREDENTIALS_DIRECTORY"];
  const origin = `credential ${reference.credential}`;
  if (directory === undefined || !isAbsolute(directory)) {
    throw refusal(origin, "systemd passed no credentials to this process", {
      advice: `add LoadCredential=${reference.credential}:/path to its unit, or start it with systemctl`,
    });
  }
  return fromFile(join(directory, reference.credential), origin, sources);
}

function fromEnvironment(variable: string, env: SecretSources["env"]): Secret {
  const origin = `environment variable ${variable}`;
  const value = env[variable];
  if (value === undefined || value === "") {
    throw refusal(origin, value === undefined ? "it is not set" : "it is empty", {
      advice: `set ${variable} where pantheros is started`,
    });
  }
  return new Secret(value, origin);
}

function fromFile(path: string, origin: string, sources: SecretSources): Secret {
  const bytes = readGuarded(path, origin, sources.uid ?? process.getuid?.() ?? 0);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refusal(origin, `${path} is not text in UTF-8`, { advice: "write the secret as text", cause });
  }
  const value = text.replace(/\r?\n$/, "");
  if (value === "") throw refusal(origin, `${path} is empty`, { advice: `write the secret into ${path}` });
  if (value.includes("\0"))
    throw refusal(origin, `${path} holds a NUL character`, { advice: "write the secret as text" });
  return new Secret(value, origin);
}

/** Looks at the open file, so that what was checked is what is read. */
function readGuarded(path: string, origin: string, uid: number): Buffer {
  const descriptor = open(path, origin);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile())
      throw refusal(origin, `${path} is not a regular file`, { advice: "name a file that holds the secret" });
    if ((status.mode & 0o007) !== 0) {
      throw refusal(origin, `every user of this machine can open ${path}`, {
        advice: `chmod 600 ${path}, and renew the secret`,
      });
    }
    if (status.uid !== 0 && status.uid !== uid) {
      const message = `${path} belongs to user ${status.uid}, who could exchange it`;
      throw refusal(origin, message, { advice: `chown ${uid === 0 ? "root" : uid} ${path}` });
    }
    if (status.size > maxBytes)
      throw refusal(origin, `${path} is larger than 64 KiB`, { advice: "is this the right file?" });
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function open(path: string, origin: string): number {
  try {
    // A pipe without a writer must not stop us; a link is followed, since secret stores publish their files by links.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw refusal(origin, `there is no file ${path}`, {
        advice: `write the secret into ${path} and chmod 600 it`,
        cause,
      });
    }
    const why = code === "EACCES" ? "permission denied" : String(code ?? cause);
    throw refusal(origin, `${path} cannot be opened: ${why}`, {
      advice: `let the user that runs pantheros read ${path}`,
      cause,
    });
  }
}

function refusal(
  origin: string,
  message: string,
  details: { readonly advice: string; readonly cause?: unknown },
): StepError {
  return new StepError("auth", `the secret from ${origin} cannot be used: ${message}`, details);
}
