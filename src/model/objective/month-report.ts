import type { Outcome, Reason } from "../run/outcome.ts";
import type { Run } from "../run/run.ts";
import type { Month } from "../time/month.ts";
import type { Judgement, Verdict } from "./objective.ts";
import type { RecoveryHistory } from "./recovery-history.ts";

/**
 * What was promised and measured in one calendar month, with the runs that prove it. A plain value: renderings of it read nothing else, so that
 * the same ledger gives the same report. All moments and durations are seconds.
 */
export interface MonthReport {
  readonly host: string;
  readonly month: Month;
  /** Until here it tells: the end of the month, or its own creation. */
  readonly until: number;
  readonly createdAt: number;
  readonly version: string;
  readonly configurationHash: string;
  readonly objectives: readonly ObjectiveReport[];
  readonly jobs: readonly JobReport[];
  /** Oldest first. */
  readonly runs: readonly ReportedRun[];
  /** Runs of the month that are counted in all figures, but not listed; see `mostListed`. */
  readonly unlistedRuns: number;
  /** Sentences: what is not known, and why. */
  readonly unknown: readonly string[];
}

export interface ObjectiveReport {
  readonly name: string;
  /** Null: nothing is promised. */
  readonly verdict: Verdict | null;
  readonly promises: readonly PromiseReport[];
  readonly jobs: readonly string[];
  readonly repositories: readonly string[];
  /** Null: no recovery point is promised, or none of its jobs saves anything. */
  readonly recovery: RecoveryHistory | null;
  readonly drills: readonly ReportedDrill[];
  /** What the hourly measurements show of copies, retention and cost. */
  readonly measured: MeasuredObjective;
}

/** A judgement of a whole month, and the runs that show it. */
export interface PromiseReport extends Omit<Judgement, "advice"> {
  readonly runs: readonly string[];
}

export interface ReportedDrill {
  readonly run: string;
  readonly job: string;
  readonly at: number;
  readonly outcome: Outcome;
  /** From nothing to usable data; null: it failed, or did not measure it. */
  readonly seconds: number | null;
  readonly estimated: boolean;
  readonly message: string | null;
}

export interface MeasuredObjective {
  /** Measurements in the month, at most one an hour. */
  readonly count: number;
  /** Days of the month (as far as it is over) with one at least, and without. */
  readonly daysWith: number;
  readonly daysWithout: number;
  /** How verdicts and promises changed, oldest first. */
  readonly changes: readonly MeasuredChange[];
  /** Changes that are not listed, since there were more than anybody reads. */
  readonly unlistedChanges: number;
}

export interface MeasuredChange {
  readonly at: number;
  /** Name of the value, see `measurementOf`. */
  readonly value: string;
  /** Null: not known. */
  readonly before: number | null;
  readonly after: number | null;
}

export interface JobReport {
  readonly job: string;
  /** False: it is not in the configuration any more. */
  readonly isDeclared: boolean;
  readonly description: string | null;
  readonly runs: number;
  readonly byOutcome: Readonly<Record<Outcome, number>>;
  /** Runs that have no end yet. */
  readonly running: number;
  /** Runs whose process was gone before it could say how it ended. */
  readonly lost: number;
  /** Of those that ended and were not skipped; null: there were none. */
  readonly successRatio: number | null;
  /** Runs that did not succeed, by outcome and reason, the most frequent first. */
  readonly reasons: readonly ReasonCount[];
  /** The longest time without a success. */
  readonly gap: RecoveryHistory["worst"];
  /** By day of the month; null: the month had not come to it. */
  readonly days: readonly (JobDay | null)[];
  /** Of the runs whose backups had a size. */
  readonly bytes: {
    readonly first: number;
    readonly last: number;
    readonly least: number;
    readonly most: number;
  } | null;
}

export interface ReasonCount {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly count: number;
  /** Some of them, the newest first. */
  readonly runs: readonly string[];
}

export interface JobDay {
  readonly runs: number;
  readonly byOutcome: Readonly<Record<Outcome, number>>;
  /** The largest backup of the day; null: none had a size. */
  readonly bytes: number | null;
}

export interface ReportedRun extends Pick<Run, "id" | "job" | "outcome" | "reason" | "lost" | "message"> {
  readonly startedAt: number;
  /** Null: it has no end yet, or the clock was set back while it ran. */
  readonly seconds: number | null;
  /** The clock was set back while it ran: it ended before it began. */
  readonly clockSetBack: boolean;
  readonly bytes: number | null;
  /** What it left behind; empty: nothing that others could see. */
  readonly artifacts: readonly string[];
  /** What proves it, in words; empty: nothing. */
  readonly evidence: readonly string[];
}

/** Runs that a report lists: beyond them it counts and says so. About 60 MB while it is made. */
export const mostListed = 200_000;

/** The worst of a day, in the order in which it is shown; null: nothing ran. */
export function worstOutcome({ byOutcome }: Pick<JobDay, "byOutcome">): Outcome | null {
  const order: readonly Outcome[] = ["failed", "partial", "skipped", "success"];
  return order.find((outcome) => byOutcome[outcome] > 0) ?? null;
}
