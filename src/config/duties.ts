import { type Duty, parseSchedule } from "../model/time/schedule.ts";
import type { Config } from "./schema.ts";
import { timezoneOf } from "./timezone.ts";

/**
 * What a job owes successes for: its own schedule; without one, the schedules of the jobs that it is started `after`, and the time that each of
 * them may be late on top of its own. None: nothing says when it has to run.
 */
export function dutiesOf(job: string, config: Pick<Config, "jobs" | "timezone">): Duty[] {
  return follow(job, config, new Set());
}

/** @param seen guards against circles, which the loader refuses */
function follow(job: string, config: Pick<Config, "jobs" | "timezone">, seen: ReadonlySet<string>): Duty[] {
  const declared = Object.hasOwn(config.jobs, job) ? config.jobs[job] : undefined;
  if (declared === undefined || seen.has(job)) return [];
  const { schedule, grace, after } = declared;
  if (schedule !== undefined) return [{ schedule: parseSchedule(schedule, timezoneOf(declared, config)), grace }];
  const passed = new Set([...seen, job]);
  return after
    .flatMap((before) => follow(before, config, passed))
    .map((duty) => ({ ...duty, grace: duty.grace + grace }));
}
