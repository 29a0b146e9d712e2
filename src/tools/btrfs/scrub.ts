import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ScrubErrorKind, type ScrubState, scrubErrorKinds } from "../../model/btrfs/health.ts";
import { StepError } from "../../model/run/outcome.ts";
import type { Execute } from "../exec.ts";
import { isMissing } from "../files/filesystem.ts";
import { btrfsFailure } from "./btrfs.ts";
import { countOf } from "./count.ts";
import { doubtful } from "./doubt.ts";

/** Where btrfs-progs notes how the last scrub of each filesystem went, for root only. */
const records = "/var/lib/btrfs";

/** The last scrub of one device. */
export interface ScrubRecord {
  readonly devid: string;
  /** Seconds since the epoch; null: not told yet, it has begun within the last seconds. */
  readonly startedAt: number | null;
  readonly isCanceled: boolean;
  readonly isFinished: boolean;
  readonly errors: Readonly<Record<ScrubErrorKind, number>>;
}

/**
 * The last scrub of a filesystem, device by device; none: there is no record of one on this host.
 * @throws StepError `auth` without root, `verification` when the record cannot be true
 */
export function readScrubRecords(uuid: string, root = records): readonly ScrubRecord[] {
  const path = join(root, `scrub.status.${uuid}`);
  try {
    return parseScrubRecords(readFileSync(path, "utf8"), uuid);
  } catch (cause) {
    if (cause instanceof StepError) throw cause;
    if (isMissing(cause)) return [];
    const { code, message } = cause as NodeJS.ErrnoException;
    const refused = code === "EACCES" || code === "EPERM";
    throw new StepError(refused ? "auth" : "source", `${path} cannot be read: ${refused ? "only root may" : message}`, {
      advice: refused ? "run it as root" : "look at it by hand",
      cause,
    });
  }
}

/** The file `scrub.status.UUID`, format 1, which all of btrfs-progs 3 to 6 write. @throws StepError `verification` */
export function parseScrubRecords(text: string, uuid: string): readonly ScrubRecord[] {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  if (head !== "scrub status:1" || lines.length === 0) {
    throw doubtful(
      `the record of the last scrub is of an unknown kind: ${JSON.stringify(head.slice(0, 40))}`,
      "record",
    );
  }
  return lines.map((line) => {
    const [name = "", ...fields] = line.split("|");
    const devid = name.startsWith(`${uuid}:`) ? name.slice(uuid.length + 1) : "";
    if (!/^\d+$/.test(devid)) {
      throw doubtful(
        `the record of the last scrub is of something else: ${JSON.stringify(name.slice(0, 60))}`,
        "record",
      );
    }
    const told = new Map(fields.map((field) => field.split(":", 2) as [string, string]));
    const number = (field: string) => countOf(told.get(field) ?? "", `${field} in the record of the last scrub`);
    const startedAt = number("t_start");
    return {
      devid,
      startedAt: startedAt === 0 ? null : startedAt,
      isCanceled: number("canceled") !== 0,
      isFinished: number("finished") !== 0,
      errors: Object.fromEntries(
        // Format 1 of some versions has no field for what could not be verified.
        scrubErrorKinds.map((kind) => [
          kind,
          kind === "unverified" && !told.has("unverified_errors") ? 0 : number(`${kind}_errors`),
        ]),
      ) as Record<ScrubErrorKind, number>,
    };
  });
}

/** What the records tell by themselves; `open`: begun and not ended, so that it runs still or was cut off. */
export function stateOf(found: readonly ScrubRecord[]): ScrubState | "open" {
  if (found.length === 0) return "never";
  if (found.every(({ isFinished, isCanceled }) => isFinished && !isCanceled)) return "finished";
  return found.some(({ isCanceled }) => isCanceled) ? "canceled" : "open";
}

/** When the scrub began that the records show as gone through on all of the devices, seconds since the epoch; null: it did not. */
export function wholeScrubOf(found: readonly ScrubRecord[], devids: readonly string[]): number | null {
  if (stateOf(found) !== "finished" || !devids.every((devid) => found.some((record) => record.devid === devid)))
    return null;
  return found.reduce<number | null>(
    (first, { startedAt }) => (first === null || startedAt === null ? null : Math.min(first, startedAt)),
    Number.POSITIVE_INFINITY,
  );
}

/** Over all devices. */
export function scrubErrorsOf(found: readonly ScrubRecord[]): Readonly<Record<ScrubErrorKind, number>> {
  const sum = (kind: ScrubErrorKind) => found.reduce((total, { errors }) => total + errors[kind], 0);
  return Object.fromEntries(scrubErrorKinds.map((kind) => [kind, sum(kind)])) as Record<ScrubErrorKind, number>;
}

/** Whether a scrub that has begun still runs: only the kernel knows. Needs root. */
export async function isScrubRunning(execute: Execute, mountPoint: string): Promise<boolean> {
  const result = await execute({ argv: ["btrfs", "scrub", "status", "--", mountPoint], timeoutSeconds: 20 });
  if (result.exitCode !== 0) throw btrfsFailure(`whether a scrub of ${mountPoint} runs cannot be seen`, result);
  // In its first seconds it has no state yet, but a time that is left.
  return /^(?:Status: +running|Time left: )/m.test(result.stdout);
}
