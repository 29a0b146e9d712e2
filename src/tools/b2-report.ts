import type { Calls } from "../model/cost/rate-card.ts";
import { StepError } from "../model/run/outcome.ts";

/** One line of Backblaze's daily usage report: of a bucket, or of the whole account. */
export interface UsageLine {
  /** The day's beginning, UTC, seconds since the epoch. */
  readonly day: number;
  /** Null: the line of the account. */
  readonly bucket: string | null;
  readonly byteHours: number;
  readonly downloadedBytes: number;
  readonly calls: Calls;
}

/** The bucket in which Backblaze puts an account's reports. */
export const reportBucket = (accountId: string) => `b2-reports-${accountId}`;

/** The day in the name of a report, `2026-11-20/usage.account-….csv`, as the seconds of its beginning, UTC; null: it is another file. */
export function reportDay(key: string): number | null {
  const [, day] = /^(\d{4}-\d\d-\d\d)\/usage\.account-[^/]*\.csv$/.exec(key) ?? [];
  const at = Date.parse(`${day}T00:00:00Z`) / 1000;
  return Number.isNaN(at) ? null : at;
}

/** A day and an exabyte: no account holds more. */
const mostByteHours = 24 * 1e18;

/**
 * Reads a report by the names of its columns, of which there may be more than are known.
 * @throws StepError `unknown` when it is no such report, or says what cannot be
 */
export function readUsageReport(text: string): readonly UsageLine[] {
  const [head, ...lines] = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .map(cells);
  const columns = new Map(head?.map((name, index) => [name.trim(), index]));
  for (const needed of ["date", "bucket_id"]) {
    if (!columns.has(needed)) throw refusal(`it has no column ${needed}`);
  }
  if (!columns.has("storage_byte_hours") && !columns.has("stored_gb")) throw refusal("it does not say what was stored");
  return lines.map((line) => {
    if (line.length !== head?.length) throw refusal(`a line has ${line.length} columns instead of ${head?.length}`);
    const text = (name: string) => line[columns.get(name) ?? -1]?.trim() ?? "";
    const number = (name: string) => {
      const value = Number(text(name) || "0");
      if (value >= 0 && value <= mostByteHours) return value;
      throw refusal(`${name} is ${JSON.stringify(text(name))}`);
    };
    const day = Date.parse(`${text("date")}T00:00:00Z`) / 1000;
    if (!/^\d{4}-\d\d-\d\d$/.test(text("date")) || Number.isNaN(day)) throw refusal(`a date is ${text("date")}`);
    const hours = text("storage_byte_hours");
    return {
      day,
      bucket: text("bucket_id") === "" ? null : text("bucket_name") || text("bucket_id"),
      byteHours: hours === "" ? number("stored_gb") * 1e9 * 24 : number("storage_byte_hours"),
      downloadedBytes: number("downloaded_bytes"),
      calls: {
        a: number("api_txn_class_a"),
        b: number("api_txn_class_b"),
        c: number("api_txn_class_c"),
        d: number("api_txn_class_d"),
      },
    };
  });
}

/** Cells of one line; quotes hold commas, and two of them are one. */
function cells(line: string): string[] {
  const found: string[] = [];
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    found.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
  }
  return found;
}

function refusal(problem: string): StepError {
  return new StepError("unknown", `the usage report cannot be read: ${problem}`, {
    advice: "its form may have changed: what it holds is estimated instead",
  });
}
