import { stripVTControlCharacters } from "node:util";

/** From a line of `--stats`: bytes and files of this call, growing totals while rclone is still listing. */
export interface RcloneProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly files: number;
  readonly totalFiles: number;
  readonly errors: number;
}

export interface RcloneLine {
  readonly level: "error" | "notice";
  /** The file it is about, as rclone writes it; null: the whole copy. */
  readonly object: string | null;
  readonly message: string;
  readonly progress?: RcloneProgress;
}

/** What differs from request to request, so that the same failure reads the same each time. */
const noise = /,? (?:request id|host id|RequestID|HostID): [^\s,]*/g;
const wrappers =
  /^(?:Failed to (?:copy|sync)(?: with \d+ errors)?: (?:last error was: )?|Attempt \d+\/\d+ failed with \d+ errors and: |Can't retry any of the errors - not attempting retries$)/;

/**
 * One line of rclone's standard error with `--use-json-log`. The last line of 1.60 is not JSON (`2026/11/21 09:22:10 Failed to copy: …`);
 * levels are `warning` in 1.60 and `notice` in 1.75. Summaries that repeat what was said per file are dropped.
 * @returns null for a line that says nothing
 */
export function parseRcloneLine(text: string): RcloneLine | null {
  const entry = asObject(text);
  if (entry === null) return plainLine(text);
  const progress = asProgress(entry["stats"]);
  const message = typeof entry["msg"] === "string" ? entry["msg"] : "";
  if (progress) return { level: "notice", object: null, message: "", progress };
  const level = /^(?:error|critical|alert|emergency|fatal|panic)$/.test(String(entry["level"])) ? "error" : "notice";
  const object = typeof entry["object"] === "string" && !isFolder(entry["objectType"]) ? entry["object"] : null;
  return line(level, object, message);
}

/** An object is a file, unless its type is the folder (`*local.Fs`) itself. */
function isFolder(objectType: unknown): boolean {
  return typeof objectType === "string" && objectType.endsWith(".Fs");
}

function plainLine(text: string): RcloneLine | null {
  // What Go says when a program of its own breaks down.
  if (/^(?:fatal error|panic|runtime(?:\/cgo)?): /.test(text)) return line("error", null, text);
  const logged = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d (?:(?:ERROR|CRITICAL|NOTICE) *: )?(.*)$/.exec(text);
  return line(logged ? "error" : "notice", null, logged?.[1] ?? text);
}

function line(level: RcloneLine["level"], object: string | null, raw: string): RcloneLine | null {
  const message = stripVTControlCharacters(raw).replace(wrappers, "").replace(noise, "").replaceAll(/\s+/g, " ").trim();
  return message === "" ? null : { level, object, message };
}

function asObject(text: string): Readonly<Record<string, unknown>> | null {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // A line cut short by the end of the process: shown as it is.
    return null;
  }
}

function asProgress(stats: unknown): RcloneProgress | null {
  if (typeof stats !== "object" || stats === null) return null;
  const of = (key: string): number => {
    const value = (stats as Readonly<Record<string, unknown>>)[key];
    return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : 0;
  };
  return {
    bytes: of("bytes"),
    totalBytes: of("totalBytes"),
    files: of("transfers"),
    totalFiles: of("totalTransfers"),
    errors: of("errors"),
  };
}
