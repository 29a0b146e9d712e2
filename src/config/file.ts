import { closeSync, openSync, readSync } from "node:fs";
import { ConfigError } from "./problems.ts";

/** A configuration is written by people: 1 MiB is some 30 000 lines. */
const maxBytes = 1024 * 1024;

/** The text of a configuration file. @throws ConfigError when it cannot be read, is too large or is not UTF-8 */
export function readConfigText(file: string, read: (file: string) => Uint8Array = readAtMost): string {
  const bytes = bytesOf(file, read);
  if (bytes.length > maxBytes) {
    throw refused(file, "the file is larger than 1 MiB", "a configuration is small: is this the right file?");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = firstLineThatIsNotUtf8(bytes);
    const hint = "save it as UTF-8, or convert it: iconv -f ISO-8859-1 -t UTF-8";
    throw refused(file, `the file is not UTF-8: line ${line} holds bytes that are no text`, hint, { line, cause });
  }
}

function bytesOf(file: string, read: (file: string) => Uint8Array): Uint8Array {
  try {
    return read(file);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (code === "ENOENT" || code === "ENOTDIR") {
      const hint = "write one with: pantheros init, or name another with --config FILE";
      throw refused(file, "there is no such file", hint, { cause });
    }
    if (code === "EACCES" || code === "EPERM") {
      throw refused(file, "the file cannot be read: permission denied", "run as a user who may read it", { cause });
    }
    if (code === "EISDIR") throw refused(file, "this is a directory, not a file", "name the file inside it", { cause });
    throw refused(
      file,
      `the file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      undefined,
      {
        cause,
      },
    );
  }
}

/** Also reads pipes (`--config <(…)`), and never more than one byte beyond the limit. */
function readAtMost(file: string): Uint8Array {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.allocUnsafe(maxBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null);
      if (count === 0) break;
      length += count;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function firstLineThatIsNotUtf8(bytes: Uint8Array): number {
  const whole = new TextDecoder("utf-8").decode(bytes);
  const replacement = whole.indexOf("\uFFFD");
  return whole.slice(0, Math.max(0, replacement)).split("\n").length;
}

function refused(
  file: string,
  message: string,
  hint?: string,
  details: { readonly line?: number; readonly cause?: unknown } = {},
): ConfigError {
  const problem = { line: details.line ?? 1, column: 1, path: "", message, ...(hint === undefined ? {} : { hint }) };
  return new ConfigError(file, [problem], details.cause === undefined ? {} : { cause: details.cause });
}
