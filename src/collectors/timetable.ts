import { dutiesOf } from "../config/duties.ts";
import type { Config } from "../config/schema.ts";
import { timezoneOf } from "../config/timezone.ts";
import type { Rhythm } from "../model/metrics/label-values.ts";
import { type Due, dueOf, nextAfter, parseSchedule } from "../model/time/schedule.ts";

/** When the jobs of a configuration are to run; all in seconds. */
export interface Timetable {
  /** The next fire of the job's own schedule; null: it has none, or it never fires again. */
  readonly nextRun: (job: string, now: number) => number | null;
  /** See `dueOf`. */
  readonly due: (job: string, settled: Parameters<typeof dueOf>[1]) => Due | null;
  readonly rhythm: (job: string) => Rhythm;
}

/**
 * Reading a schedule and asking it once costs a millisecond, and a page with a hundred jobs is rendered as often as it is scraped: schedules
 * are read once, and answers are kept for as long as they are true.
 */
export function createTimetable(config: Config): Timetable {
  const askNext = remembered((job: string) => {
    const declared = Object.hasOwn(config.jobs, job) ? config.jobs[job] : undefined;
    if (declared?.schedule === undefined) return () => null;
    const schedule = parseSchedule(declared.schedule, timezoneOf(declared, config));
    let known = { from: 0, until: Number.NEGATIVE_INFINITY as number | null };
    return (now: number) => {
      if (now < known.from || (known.until !== null && now >= known.until)) {
        known = { from: now, until: nextAfter(schedule, now) };
      }
      return known.until;
    };
  });
  const askDue = remembered((job: string) => {
    const duties = dutiesOf(job, config);
    let known: { readonly declaredAt: number; readonly lastSuccessAt: number | null; readonly due: Due | null } | null =
      null;
    return (settled: Parameters<typeof dueOf>[1]) => {
      const { declaredAt, lastSuccessAt } = settled;
      if (known?.declaredAt !== declaredAt || known.lastSuccessAt !== lastSuccessAt) {
        known = { declaredAt, lastSuccessAt, due: dueOf(duties, settled) };
      }
      return known.due;
    };
  });
  return {
    nextRun: (job, now) => askNext(job)(now),
    due: (job, settled) => askDue(job)(settled),
    rhythm: remembered((job) => rhythmOf(job, config)),
  };
}

function rhythmOf(job: string, config: Config): Rhythm {
  const duties = dutiesOf(job, config);
  if (duties.length === 0) return "none";
  if (config.jobs[job]?.staleness === "awake") return "awake";
  // Whatever the minutes and hours: day of month, month and day of week leave no day out.
  const everyDay = duties.every(({ schedule }) => schedule.cron.endsWith(" * * *"));
  return everyDay ? "daily" : "rarer";
}

/** Makes an answer for each key once. */
function remembered<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const answer = known.get(key) ?? make(key);
    known.set(key, answer);
    return answer;
  };
}
