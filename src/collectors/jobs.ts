import type { Config, JobConfig } from "../config/schema.ts";
import { timezoneOf } from "../config/timezone.ts";
import { outcomes } from "../model/outcome.ts";
import type { JobState } from "../model/run.ts";
import type { Sample } from "../model/sample.ts";
import { nextAfter, overdueSince, parseSchedule } from "../model/schedule.ts";
import { defineLiveCollector } from "./collector.ts";

/** Every declared job has its series from the first second, also when it has never run: absence is data. */
export const jobs = defineLiveCollector({
  name: "jobs",
  summary: "Declared jobs: last start, success and outcome, running, overdue, from the ledger.",
  live: true,
  collect({ config, ledger, now }) {
    const states = new Map(ledger.jobStates().map((state) => [state.job, state]));
    const running = new Map(ledger.unfinishedRuns().map((run) => [run.job, run]));
    const progress = ledger.progress();
    const samples: Sample[] = [];
    for (const [job, declared] of Object.entries(config.jobs)) {
      const state = states.get(job) ?? null;
      const run = running.get(job);
      samples.push({ metric: "jobRunning", labels: { job }, value: run ? 1 : 0 });
      const ratio = run && progress.get(run.id);
      if (ratio !== undefined) samples.push({ metric: "jobProgress", labels: { job }, value: ratio });
      samples.push(...ofState(job, state), ...ofSchedule(job, declared, config, state, now));
      if (declared.expected_duration !== undefined) {
        samples.push({ metric: "jobExpectedDuration", labels: { job }, value: declared.expected_duration });
      }
    }
    return samples;
  },
});

function ofState(job: string, state: JobState | null): Sample[] {
  const labels = { job };
  const samples: Sample[] = [
    { metric: "jobConsecutiveFailures", labels, value: state?.consecutiveFailures ?? 0 },
    ...[...outcomes, "never"].map(
      (outcome): Sample => ({
        metric: "jobOutcome",
        labels: { job, outcome },
        value: (state?.lastOutcome ?? "never") === outcome ? 1 : 0,
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

function ofSchedule(
  job: string,
  declared: JobConfig,
  config: Pick<Config, "timezone">,
  state: JobState | null,
  now: number,
): Sample[] {
  if (declared.schedule === undefined) return [];
  const schedule = parseSchedule(declared.schedule, timezoneOf(declared, config));
  const samples: Sample[] = [];
  const next = nextAfter(schedule, now);
  if (next !== null) samples.push({ metric: "jobNextRun", labels: { job }, value: next });
  const since = overdueSince({
    schedule,
    grace: declared.grace,
    declaredAt: pastSeconds(state?.declaredAt, now) ?? now,
    lastSuccessAt: pastSeconds(state?.lastSuccessAt, now),
  });
  if (since !== null) samples.push({ metric: "jobOverdue", labels: { job }, since });
  return samples;
}

/** Seconds: what lies further ahead was written while the clock was wrong, and answers no schedule. */
const clockTolerance = 300;

/** A moment of the ledger in seconds; null when there is none, or it lies in the future. */
function pastSeconds(milliseconds: number | null | undefined, now: number): number | null {
  if (milliseconds === null || milliseconds === undefined) return null;
  return milliseconds / 1000 <= now + clockTolerance ? milliseconds / 1000 : null;
}
