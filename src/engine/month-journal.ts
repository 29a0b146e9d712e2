import type { BriefStep, Ledger } from "../ledger/ledger.ts";
import { mostListed, type ReasonCount, type ReportedDrill, type ReportedRun } from "../model/objective/month-report.ts";
import type { SavedPoint } from "../model/objective/recovery-history.ts";
import { pointOfRun } from "../model/objective/saved-point.ts";
import { artifactsOf, provedBy } from "../model/run/evidence.ts";
import type { Outcome } from "../model/run/outcome.ts";
import type { Run } from "../model/run/run.ts";
import { dayIndex, type Month } from "../model/time/month.ts";
import { runsWithSteps } from "./month-runs.ts";

type Counts = Record<Outcome, number>;

/** What the journal of a month tells of one job. Moments are seconds since the epoch. */
export interface JobInMonth {
  readonly byOutcome: Counts;
  running: number;
  lost: number;
  readonly reasons: Map<string, { -readonly [Key in keyof ReasonCount]: ReasonCount[Key] } & { runs: string[] }>;
  readonly days: Map<number, { runs: number; byOutcome: Counts; bytes: number | null }>;
  /** What its runs saved, newest first. */
  readonly points: SavedPoint[];
  /** Its runs that succeeded, newest first. */
  readonly successes: SavedPoint[];
  readonly drills: ReportedDrill[];
  bytes: { first: number; last: number; least: number; most: number } | null;
}

export interface MonthJournal {
  readonly jobs: ReadonlyMap<string, JobInMonth>;
  /** Oldest first, `mostListed` at most. */
  readonly runs: readonly ReportedRun[];
  readonly unlistedRuns: number;
}

/** Letters of a message: the journal has all of it. */
const longestMessage = 300;
/** Runs that are named for a reason. */
const mostNamed = 5;

/** Reads every run that started in a month once, newest first, in pages: what grows with their number is one line for each. */
export function journalOf(ledger: Pick<Ledger, "runs" | "stepsOfRuns">, month: Month, until: number): MonthJournal {
  const jobs = new Map<string, JobInMonth>();
  const runs: ReportedRun[] = [];
  let unlistedRuns = 0;
  for (const { run, steps } of runsWithSteps(ledger, month.from * 1000, until * 1000)) {
    const job = jobs.get(run.job) ?? nothingYet();
    jobs.set(run.job, job);
    const bytes = bytesOf(steps);
    count(job, run, bytes, month);
    prove(job, run, steps);
    if (runs.length < mostListed) runs.push(reported(run, steps, bytes));
    else unlistedRuns += 1;
  }
  return { jobs, runs: runs.reverse(), unlistedRuns };
}

export function nothingYet(): JobInMonth {
  return {
    ...{ byOutcome: noCounts(), running: 0, lost: 0, reasons: new Map(), days: new Map() },
    ...{ points: [], successes: [], drills: [], bytes: null },
  };
}

const noCounts = (): Counts => ({ success: 0, partial: 0, failed: 0, skipped: 0 });

function count(
  job: JobInMonth,
  { id, outcome, reason, lost, startedAt }: Run,
  bytes: number | null,
  month: Month,
): void {
  const index = dayIndex(month, startedAt / 1000);
  const day = job.days.get(index) ?? { runs: 0, byOutcome: noCounts(), bytes: null };
  job.days.set(index, day);
  day.runs += 1;
  if (lost) job.lost += 1;
  if (outcome === null) {
    job.running += 1;
    return;
  }
  job.byOutcome[outcome] += 1;
  day.byOutcome[outcome] += 1;
  if (outcome !== "success") {
    const key = `${outcome}/${reason}`;
    const known = job.reasons.get(key) ?? { outcome, reason, count: 0, runs: [] };
    job.reasons.set(key, known);
    known.count += 1;
    if (known.runs.length < mostNamed) known.runs.push(id);
  }
  if (bytes === null) return;
  day.bytes = Math.max(day.bytes ?? 0, bytes);
  // Newest first: the first that is met is the last of the month.
  job.bytes ??= { first: bytes, last: bytes, least: bytes, most: bytes };
  job.bytes = {
    ...{ first: bytes, last: job.bytes.last },
    ...{ least: Math.min(job.bytes.least, bytes), most: Math.max(job.bytes.most, bytes) },
  };
}

function prove(job: JobInMonth, run: Run, steps: readonly BriefStep[]): void {
  const point = pointOfRun(run, steps);
  if (point) job.points.push(point);
  if (run.outcome === "success") job.successes.push(successOf(run));
  for (const { kind, outcome, evidence, message, finishedAt } of steps) {
    if (kind !== "drill" || outcome === null || finishedAt === null) continue;
    const seconds = evidence["rto_seconds"];
    job.drills.push({
      ...{ run: run.id, job: run.job, at: finishedAt / 1000, outcome, message },
      seconds: outcome === "success" && typeof seconds === "number" && seconds >= 0 ? seconds : null,
      estimated: evidence["rto_estimated"] === true,
    });
  }
}

export function successOf(run: Run): SavedPoint {
  return { startedAt: run.startedAt / 1000, finishedAt: (run.finishedAt ?? run.startedAt) / 1000, runId: run.id };
}

/** Those of its backups, where one said how much it covered. */
function bytesOf(steps: readonly BriefStep[]): number | null {
  const sizes = steps.flatMap(({ kind, outcome, bytes }) =>
    kind === "backup" && outcome === "success" && bytes !== null ? [bytes] : [],
  );
  return sizes.length === 0 ? null : sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function reported(run: Run, steps: readonly BriefStep[], bytes: number | null): ReportedRun {
  const { id, job, outcome, reason, lost, message, startedAt, finishedAt } = run;
  const clockSetBack = finishedAt !== null && finishedAt < startedAt;
  return {
    ...{ id, job, outcome, reason, lost, bytes, clockSetBack, startedAt: startedAt / 1000 },
    message: message !== null && message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message,
    seconds: finishedAt === null || clockSetBack ? null : (finishedAt - startedAt) / 1000,
    // As copies: what `flatMap` gives has room for sixteen more, which is most of what a run would take.
    artifacts: steps.flatMap(artifactsOf).slice(),
    evidence: steps.flatMap(provedBy).slice(),
  };
}
