import type { Config } from "../config/schema.ts";
import { outcomes } from "../model/run/outcome.ts";
import type { JobState } from "../model/run/run.ts";
import type { Sample } from "../model/samples/sample.ts";
import { clockTolerance } from "../model/time/clock-tolerance.ts";
import type { Due } from "../model/time/schedule.ts";
import { type ReadClock, readClock } from "../tools/clock.ts";
import { type AwakeJournal, readAwakeJournal } from "./awake.ts";
import { defineLiveCollector, type LiveCollector } from "./collector.ts";
import { createTimetable, type Timetable } from "./timetable.ts";

/** Every declared job has its series from the first second, also when it has never run: absence is data. */
export const jobs = createJobs(readClock);

export function createJobs(clock: ReadClock): LiveCollector {
  const timetables = new WeakMap<Config, Timetable>();
  return defineLiveCollector({
    name: "jobs",
    summary: "Declared jobs: last start, success and outcome, running, overdue, from the ledger.",
    live: true,
    collect({ config, ledger, now }) {
      const states = new Map(ledger.jobStates().map((state) => [state.job, state]));
      const running = new Map(ledger.unfinishedRuns().map((run) => [run.job, run]));
      const progress = ledger.progress();
      const countsAwake = Object.values(config.jobs).some(({ staleness }) => staleness === "awake");
      const awake = countsAwake ? readAwakeJournal(ledger, clock(now * 1000)) : null;
      const timetable = timetables.get(config) ?? createTimetable(config);
      timetables.set(config, timetable);
      const samples: Sample[] = [];
      for (const [job, declared] of Object.entries(config.jobs)) {
        const state = states.get(job) ?? null;
        const run = running.get(job);
        samples.push({ metric: "jobRunning", labels: { job }, value: run ? 1 : 0 });
        const ratio = run && progress.get(run.id);
        if (ratio !== undefined) samples.push({ metric: "jobProgress", labels: { job }, value: ratio });
        samples.push(...ofState(job, state));
        const next = timetable.nextRun(job, now);
        if (next !== null) samples.push({ metric: "jobNextRun", labels: { job }, value: next });
        const declaredAt = pastSeconds(state?.declaredAt, now);
        const lastSuccessAt = pastSeconds(state?.lastSuccessAt, now);
        const age = lastSuccessAt ?? declaredAt;
        const rhythm = timetable.rhythm(job);
        if (age !== null) samples.push({ metric: "jobSuccessAge", labels: { job, rhythm }, since: age });
        const due = timetable.due(job, { declaredAt: declaredAt ?? now, lastSuccessAt });
        if (due !== null) samples.push(overdue(job, due, declared.staleness === "awake" ? awake : null, now));
        if (declared.expected_duration !== undefined) {
          samples.push({ metric: "jobExpectedDuration", labels: { job }, value: declared.expected_duration });
        }
      }
      return samples;
    },
  });
}

function ofState(job: string, state: JobState | null): Sample[] {
  const labels = { job };
  const last = state?.lastOutcome ?? null;
  const samples: Sample[] = [
    { metric: "jobConsecutiveFailures", labels, value: state?.consecutiveFailures ?? 0 },
    // Before the first run has finished none of the others is known not to hold.
    ...(last === null ? (["never"] as const) : outcomes).map(
      (outcome): Sample => ({
        metric: "jobOutcome",
        labels: { job, outcome },
        value: (last ?? "never") === outcome ? 1 : 0,
      }),
    ),
  ];
  const times = [
    ["jobLastStart", state?.lastStartedAt],
    ["jobLastFinish", state?.lastFinishedAt],
    ["jobLastSuccess", state?.lastSuccessAt],
  ] as const;
  for (const [metric, at] of times) {
    if (at !== null && at !== undefined) samples.push({ metric, labels, value: at / 1000 });
  }
  if (state && state.lastDurationSeconds !== null) {
    samples.push({ metric: "backupDuration", labels, value: state.lastDurationSeconds });
  }
  return samples;
}

/** @param awake null: time counts by the clock */
function overdue(job: string, due: Due, awake: AwakeJournal | null, now: number): Sample {
  const byClock = due.at + due.grace;
  // While the machine is awake both go on at the same pace: from here on the moment stays where it is.
  const since = awake === null || due.at >= now ? byClock : now - awake.secondsSince(due.at) + due.grace;
  return { metric: "jobOverdue", labels: { job }, since };
}

/** A moment of the ledger in seconds; null when there is none, or it lies in the future. */
function pastSeconds(milliseconds: number | null | undefined, now: number): number | null {
  if (milliseconds === null || milliseconds === undefined) return null;
  return milliseconds / 1000 <= now + clockTolerance ? milliseconds / 1000 : null;
}
