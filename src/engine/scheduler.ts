import type { Config } from "../config/schema.ts";
import { timezoneOf } from "../config/timezone.ts";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import type { Reason } from "../model/run/outcome.ts";
import type { JobState } from "../model/run/run.ts";
import { parseSchedule, previousAt, type Schedule } from "../model/time/schedule.ts";

/** How often the clock is looked at, milliseconds: short enough that a suspended laptop or a changed clock is noticed soon. */
const tick = 15_000;
/** A start that is dated further ahead than this, milliseconds, was made while the clock was wrong, and holds nothing up. */
const startTolerance = 3_600_000;

/**
 * Starts the jobs whose `scheduler` is `internal`. What was missed while the engine was down or the machine slept is caught up once,
 * as `Persistent=true` does for a systemd timer.
 * @param start starts a run of the job and returns at once
 * @returns stops the scheduler
 */
export function startScheduler(
  config: Config,
  ledger: Ledger,
  start: (job: string) => void,
  options: { readonly now: () => number },
): () => void {
  const schedules = internalSchedules(config);
  if (schedules.length === 0) return () => undefined;
  const started = new Map<string, number>();

  const look = () => {
    const now = options.now();
    const states = new Map(ledger.jobStates().map((state) => [state.job, state]));
    for (const { job, schedule } of schedules) {
      const state = states.get(job);
      const known = [started.get(job) ?? 0, state?.lastStartedAt ?? 0, state?.declaredAt ?? now];
      const last = Math.max(0, ...known.filter((at) => at <= now + startTolerance));
      const isOwed = !started.has(job) && state !== undefined && wasInterrupted(ledger, state);
      if (!isOwed && !isDue(schedule, last, now)) continue;
      started.set(job, now);
      start(job);
    }
  };
  const guardedLook = () => {
    try {
      look();
    } catch (error) {
      // The engine's other work meets the same ledger and tells of it; a time that has come stays due until the next look.
      if (!(error instanceof LedgerError)) throw error;
    }
  };
  guardedLook();
  const timer = setInterval(guardedLook, tick);
  return () => clearInterval(timer);
}

/** How a run ends with the engine that started it, or with the machine. */
const interruptions: ReadonlySet<Reason> = new Set(["cancelled", "killed", "oom", "reboot"]);

/** A scheduled run that an earlier engine took down with it is made up for, once: an upgrade at night must not cost the night's backup. */
function wasInterrupted(ledger: Ledger, { lastOutcome, lastReason, lastRunId }: JobState): boolean {
  if (lastOutcome !== "failed" || lastReason === null || !interruptions.has(lastReason)) return false;
  return lastRunId !== null && ledger.run(lastRunId)?.trigger === "schedule";
}

/** Whether a scheduled time lies after the last start. @param lastStartedAt milliseconds @param now milliseconds */
export function isDue(schedule: Schedule, lastStartedAt: number, now: number): boolean {
  const due = previousAt(schedule, now / 1000);
  return due !== null && due * 1000 > lastStartedAt;
}

function internalSchedules(config: Config): { job: string; schedule: Schedule }[] {
  return Object.entries(config.jobs).flatMap(([job, declared]) =>
    declared.scheduler === "internal" && declared.schedule !== undefined
      ? [{ job, schedule: parseSchedule(declared.schedule, timezoneOf(declared, config)) }]
      : [],
  );
}
