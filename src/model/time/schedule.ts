import { Cron } from "croner";
import { StepError } from "../run/outcome.ts";
import { type Zone, zoneOf } from "./zone.ts";

/**
 * When a job starts. All moments are seconds since the epoch.
 *
 * **Fires** are what croner, and so the internal scheduler, starts. Where minute and hour are single values, a time that the clocks skip in
 * spring is made up for right after the change (`30 2 * * *` fires at 03:00) and a time that they repeat in autumn fires once; other
 * patterns drop the skipped times and fire at both occurrences of the repeated ones.
 *
 * systemd (seen with 252) starts nothing for a skipped time and never starts a second time for a repeated one. A fire is **owed** when both
 * would start the job; only owed fires make a job overdue or a retention bucket expected, so that a change of the clocks raises no alarm.
 */
export interface Schedule {
  /** The five fields as they were written. */
  readonly cron: string;
  /** IANA name. */
  readonly timezone: string;
  readonly matcher: Cron;
  /** Made on first use: most commands only parse schedules. */
  readonly zone: () => Zone;
}

const months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const weekdays = "sun|mon|tue|wed|thu|fri|sat";
const fields = [
  ["minute", "\\d+"],
  ["hour", "\\d+"],
  ["day of month", "\\d+"],
  ["month", `(?:\\d+|${months})`],
  ["day of week", `(?:\\d+|${weekdays})`],
] as const;

const notation = "write minute, hour, day of month, month and day of week: 30 2 * * * is every day at 02:30";
/** From here a schedule must fire at least once: the leap day of 2000 is ahead. */
const anyMoment = new Date(Date.UTC(2000, 0, 1));

/**
 * Five cron fields of numbers, names, `*`, ranges, lists and steps. Seconds, `@daily`, `L`, `W`, `#`, `?` and `+` are refused, so that every
 * schedule can be said in systemd's notation as well (see `hasDayUnion` for the exception).
 * @throws StepError `config`: not such a pattern, never fires, or an unknown timezone
 */
export function parseSchedule(cron: string, timezone: string): Schedule {
  const parts = cron.trim().split(/\s+/);
  if (parts.length !== fields.length) throw refusal(cron, `has ${parts.length} fields instead of 5`, notation);
  for (const [index, [name, value]] of fields.entries()) {
    const item = `(?:\\*|${value}(?:-${value})?)(?:/\\d+)?`;
    if (!new RegExp(`^${item}(?:,${item})*$`, "i").test(parts[index] ?? "")) {
      throw refusal(cron, `cannot be read at its ${name}, "${parts[index]}"`, notation);
    }
  }
  const matcher = readPattern(parts.join(" "), timezone);
  if (firstFire(matcher, timezone) === null) throw refusal(cron, "never fires", "name a date that exists");
  let zone: Zone | undefined;
  return {
    cron: parts.join(" "),
    timezone,
    matcher,
    zone: () => {
      zone ??= zoneOf(timezone);
      return zone;
    },
  };
}

function readPattern(cron: string, timezone: string): Cron {
  try {
    return new Cron(cron, { timezone, mode: "5-part" });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message.replace(/^CronPattern: /, "") : String(cause);
    throw refusal(cron, `is not valid: ${detail}`, notation, cause);
  }
}

function firstFire(matcher: Cron, timezone: string): Date | null {
  try {
    return matcher.nextRun(anyMoment);
  } catch (cause) {
    // croner reads the timezone here, not before; a pattern that it has read cannot fail otherwise
    throw new StepError("config", `the timezone "${timezone}" is not known`, {
      advice: "use an IANA name such as Europe/Berlin or UTC",
      cause,
    });
  }
}

/** The first fire strictly after a moment; null: none before the year 10000. */
export function nextAfter(schedule: Schedule, at: number): number | null {
  return toSeconds(schedule.matcher.nextRun(new Date(Math.floor(at) * 1000)));
}

/** The last fire at or before a moment. */
export function previousAt(schedule: Schedule, at: number): number | null {
  // croner looks for runs before its reference
  return toSeconds(schedule.matcher.previousRuns(1, new Date((Math.floor(at) + 1) * 1000))[0] ?? null);
}

/** The first owed fire strictly after a moment, see `Schedule`. */
export function nextOwedAfter(schedule: Schedule, at: number): number | null {
  let fire = nextAfter(schedule, at);
  while (fire !== null && !isOwed(schedule, fire)) fire = nextAfter(schedule, fire);
  return fire;
}

/** The last owed fire at or before a moment, see `Schedule`. */
export function previousOwedAt(schedule: Schedule, at: number): number | null {
  let fire = previousAt(schedule, at);
  while (fire !== null && !isOwed(schedule, fire)) fire = previousAt(schedule, fire - 1);
  return fire;
}

/** True: day of month and day of week are both restricted, which cron reads as OR and systemd cannot express. */
export function hasDayUnion(schedule: Schedule): boolean {
  const [, , dayOfMonth, , dayOfWeek] = schedule.cron.split(" ");
  return dayOfMonth !== "*" && dayOfWeek !== "*";
}

/** That a job has to succeed after each owed fire of a schedule, and how many seconds it has for it. */
export interface Duty {
  readonly schedule: Schedule;
  readonly grace: number;
}

/** The fire that a job owes a success for, and how late this may be; seconds. */
export interface Due {
  readonly at: number;
  readonly grace: number;
}

/**
 * What a job owes next, or has been owing since; null: its schedules never fire again, or it has none.
 *
 * A job owes a success for the first owed fire after its last success (or after it was declared, whichever is later). What counts is when the
 * run *finished*: a run that was already under way when the fire came, and so kept the scheduled one from starting, answers that fire once it
 * succeeds. The data of such a run are older than the fire; how old data may be is the business of the recovery point objective, which is
 * measured on artifacts.
 *
 * All in seconds; the ledger's moments are milliseconds.
 * @param duties of several, the one that makes it overdue first
 * @param job.lastSuccessAt when the last successful run finished; null: never
 */
export function dueOf(
  duties: readonly Duty[],
  job: { readonly declaredAt: number; readonly lastSuccessAt: number | null },
): Due | null {
  const settledUntil = Math.max(job.declaredAt, job.lastSuccessAt ?? Number.NEGATIVE_INFINITY);
  return duties.reduce<Due | null>((first, { schedule, grace }) => {
    const at = nextOwedAfter(schedule, settledUntil);
    return at === null || (first !== null && first.at + first.grace <= at + grace) ? first : { at, grace };
  }, null);
}

/** Not owed: made up for after a gap (its local time does not match), or the second occurrence of its local time. */
function isOwed(schedule: Schedule, fire: number): boolean {
  if (!schedule.matcher.match(new Date(fire * 1000))) return false;
  const zone = schedule.zone();
  return zone.instantOf(fire + zone.offsetAt(fire)) === fire;
}

function toSeconds(date: Date | null): number | null {
  return date === null ? null : date.getTime() / 1000;
}

function refusal(cron: string, problem: string, advice: string, cause?: unknown): StepError {
  return new StepError("config", `the schedule "${cron}" ${problem}`, { advice, cause });
}
