import * as z from "zod";
import { lazily } from "../../model/lazily.ts";
import { StepError } from "../../model/run/outcome.ts";

export interface ResticProgress {
  readonly ratio?: number;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
  readonly filesDone?: number;
}

export interface ResticSummary {
  /** Null where no snapshot was made. 8 characters from 0.14, 64 later. */
  readonly snapshotId: string | null;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  readonly files: number;
  readonly bytes: number;
  /** New data before compression. */
  readonly bytesAdded: number;
}

export interface ResticSnapshot {
  /** 64 characters. */
  readonly id: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly host: string;
  readonly tags: readonly string[];
  readonly paths: readonly string[];
  /** Id of its content: the same in every copy. */
  readonly tree?: string;
  /** Of a copy, or one whose tags were changed: the id of what it was made from. */
  readonly original?: string;
  /** Bytes and files that it covers, where restic noted it in the snapshot: 0.17 and newer do. */
  readonly bytes?: number;
  readonly files?: number;
}

/** One line of `--json` output; null: it is no JSON object. */
export type ResticLine =
  | { readonly type: "status"; readonly progress: ResticProgress }
  | { readonly type: "summary"; readonly summary: ResticSummary }
  | { readonly type: "error"; readonly item: string; readonly message: string }
  | { readonly type: "exit_error"; readonly message: string }
  | { readonly type: "other" }
  | null;

/**
 * What restic prints, 0.14 to 0.19. Foreign JSON: fields that are zero may be missing, unknown ones are ignored, and numbers that cannot
 * be true (0.14 tells 9223372036854775808 seconds remaining, 0.18 a negative duration) are taken for missing.
 */
const schemas = lazily(() => {
  const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER).optional().catch(undefined);
  const count = amount.transform((value) => Math.round(value ?? 0));
  /** Go prints an empty list as null. */
  const texts = z
    .array(z.string())
    .nullish()
    .transform((list) => list ?? []);

  const status = z.object({
    percent_done: amount,
    bytes_done: amount,
    total_bytes: amount,
    files_done: amount,
  });

  const summary = z.object({
    snapshot_id: z.string().min(8).optional().catch(undefined),
    files_new: count,
    files_changed: count,
    files_unmodified: count,
    total_files_processed: count,
    total_bytes_processed: count,
    data_added: count,
  });

  /** 0.14 shows Go's own error (`{Op, Path, Err: 13}`), which names no cause in words. */
  const archivalError = z.object({
    item: z.string().default(""),
    error: z.object({ message: z.string().optional(), Op: z.string().optional() }).catch({}),
  });

  const snapshot = z
    .object({
      id: z.string().min(8),
      time: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
      hostname: z.string().default(""),
      tags: texts,
      paths: texts,
      tree: z.string().optional(),
      original: z.string().optional(),
      summary: z.object({ total_bytes_processed: amount, total_files_processed: amount }).optional().catch(undefined),
    })
    .transform(
      ({ id, time, hostname, tags, paths, tree, original, summary }): ResticSnapshot => ({
        id,
        at: Date.parse(time) / 1000,
        host: hostname,
        tags,
        paths,
        ...(tree === undefined ? {} : { tree }),
        ...(original === undefined ? {} : { original }),
        ...(summary?.total_bytes_processed === undefined ? {} : { bytes: summary.total_bytes_processed }),
        ...(summary?.total_files_processed === undefined ? {} : { files: summary.total_files_processed }),
      }),
    );
  const snapshots = z
    .array(snapshot)
    .nullable()
    .transform((list) => list ?? []);

  return { status, summary, archivalError, snapshots };
});
type Schemas = ReturnType<typeof schemas>;

/** zod would compile a schema at its first use, which takes longer than to read the few lines of a backup. */
const once = { jitless: true } as const;

export function parseResticLine(line: string): ResticLine {
  const data = jsonOf(line);
  if (typeof data !== "object" || data === null || Array.isArray(data)) return null;
  const type = "message_type" in data ? data.message_type : undefined;
  if (type === "status") return { type, progress: progressOf(schemas().status.parse(data, once)) };
  if (type === "summary") return { type, summary: summaryOf(schemas().summary.parse(data, once)) };
  if (type === "error") {
    const { item, error } = schemas().archivalError.parse(data, once);
    return { type, item, message: error.message ?? `${item}: ${error.Op ?? "read"} failed` };
  }
  if (type === "exit_error") return { type, message: "message" in data ? String(data.message) : "" };
  return { type: "other" };
}

/** @throws StepError `unknown` when it is not the listing of `snapshots --json` */
export function parseSnapshots(stdout: string): readonly ResticSnapshot[] {
  const parsed = schemas().snapshots.safeParse(jsonOf(stdout));
  if (!parsed.success) throw unreadable("the list of snapshots", stdout);
  return parsed.data;
}

/** Bytes of `stats --mode raw-data --json`. @throws StepError `unknown`, also for a number that cannot be */
export function parseRawDataSize(stdout: string): number {
  const parsed = z.object({ total_size: z.int().min(0) }).safeParse(jsonOf(stdout));
  if (!parsed.success) throw unreadable("the size of a repository", stdout);
  return parsed.data.total_size;
}

/** The id of `cat config`. @throws StepError `unknown` */
export function parseRepositoryId(stdout: string): string {
  const parsed = z.object({ id: z.string().min(8) }).safeParse(jsonOf(stdout));
  if (!parsed.success) throw unreadable("the configuration of a repository", stdout);
  return parsed.data.id;
}

/** Ids of `list locks`, one a line. */
export function parseIds(stdout: string): readonly string[] {
  return stdout.split("\n").filter((line) => /^[0-9a-f]{64}$/.test(line));
}

/** `0.14.0` of `restic 0.14.0 compiled with …`, as every version prints it without `--json`; null when it is not restic's. */
export function parseVersion(stdout: string): string | null {
  return /^restic (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null;
}

function progressOf(seen: z.infer<Schemas["status"]>): ResticProgress {
  return {
    ...(seen.percent_done === undefined ? {} : { ratio: Math.min(1, seen.percent_done) }),
    ...(seen.bytes_done === undefined ? {} : { bytesDone: seen.bytes_done }),
    ...(seen.total_bytes === undefined ? {} : { bytesTotal: seen.total_bytes }),
    ...(seen.files_done === undefined ? {} : { filesDone: seen.files_done }),
  };
}

function summaryOf(seen: z.infer<Schemas["summary"]>): ResticSummary {
  return {
    snapshotId: seen.snapshot_id ?? null,
    filesNew: seen.files_new,
    filesChanged: seen.files_changed,
    filesUnmodified: seen.files_unmodified,
    files: seen.total_files_processed,
    bytes: seen.total_bytes_processed,
    bytesAdded: seen.data_added,
  };
}

/** Undefined: it is not JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unreadable(what: string, stdout: string): StepError {
  return new StepError("unknown", `restic printed something that is not JSON, or not ${what}`, {
    advice: "see that the program called restic is restic itself, 0.14 or newer",
    tail: stdout.slice(0, 2000),
  });
}
