import type { MonthReport, PromiseReport, ReportedRun } from "../../model/objective/month-report.ts";
import type { RecoveryGap } from "../../model/objective/recovery-history.ts";
import { limits, method } from "./method.ts";

/** The shape that docs/report.md documents; it changes only with a new number. */
const reportFormat = "pantheros-report/1";

/** One JSON document, piece by piece: runs may be many, and come last. */
export function* jsonReport(report: MonthReport): Generator<string> {
  const head = JSON.stringify({ ...headOf(report), runs: [] }, null, 2);
  // The list is written run by run where the empty one stands.
  yield head.slice(0, -"[]\n}".length);
  if (report.runs.length === 0) {
    yield "[]\n}\n";
    return;
  }
  yield "[";
  let comma = "";
  for (const run of report.runs) {
    yield `${comma}\n    ${JSON.stringify(runOf(run))}`;
    comma = ",";
  }
  yield "\n  ]\n}\n";
}

function headOf(report: MonthReport) {
  const { month, objectives, jobs } = report;
  return {
    format: reportFormat,
    ...{ host: report.host, month: month.name, timezone: month.zone.timezone },
    ...{ from: time(month.from), until: time(report.until), month_ends: time(month.until) },
    ...{ created_at: time(report.createdAt), version: report.version, configuration: report.configurationHash },
    objectives: objectives.map(({ name, verdict, promises, recovery, drills, measured, ...of }) => ({
      ...{ name, verdict, jobs: of.jobs, repositories: of.repositories, promises: promises.map(promiseOf) },
      recovery: recovery && {
        ...{ worst: recovery.worst && gapOf(recovery.worst), known_from: time(recovery.knownFrom) },
        ...{ within_ratio: recovery.withinRatio, curve_seconds: recovery.curve.map(rounded) },
      },
      drills: drills.map(({ at, ...drill }) => ({ ...drill, at: time(at) })),
      measured: {
        ...{ count: measured.count, days_with: measured.daysWith, days_without: measured.daysWithout },
        changes: measured.changes.map(({ at, ...change }) => ({ at: time(at), ...change })),
        unlisted_changes: measured.unlistedChanges,
      },
    })),
    jobs: jobs.map(({ job, days, gap, bytes, reasons, ...of }) => ({
      ...{ job, declared: of.isDeclared, description: of.description, runs: of.runs, by_outcome: of.byOutcome },
      ...{ running: of.running, lost: of.lost, success_ratio: of.successRatio, reasons, bytes, gap: gap && gapOf(gap) },
      days: days.map((day, index) => ({
        day: month.days[index]?.name,
        ...(day === null ? { runs: null } : { runs: day.runs, by_outcome: day.byOutcome, bytes: day.bytes }),
      })),
    })),
    ...{ unknown: report.unknown, method, limits, unlisted_runs: report.unlistedRuns },
  };
}

function promiseOf({ promise, verdict, promised, measured, at, why, runs }: PromiseReport) {
  return { promise, verdict, promised, measured, at: time(at), why, runs };
}

function gapOf({ seconds, from, until, afterRun, beforeRun }: RecoveryGap) {
  return { seconds, from: time(from), until: time(until), after_run: afterRun, before_run: beforeRun };
}

function runOf({ startedAt, clockSetBack, ...run }: ReportedRun) {
  const { id, job, seconds, outcome, reason, lost, message, bytes, artifacts, evidence } = run;
  return {
    ...{ id, job, started_at: time(startedAt), seconds, clock_set_back: clockSetBack },
    ...{ outcome, reason, lost, message, bytes, artifacts, evidence },
  };
}

function time(at: number | null): string | null {
  return at === null ? null : new Date(at * 1000).toISOString();
}

function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds);
}
