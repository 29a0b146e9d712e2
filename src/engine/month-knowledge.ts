import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { SavedPoint, SavingJob } from "../model/objective/recovery-history.ts";
import { pointOfRun } from "../model/objective/saved-point.ts";
import { localTime, type Month } from "../model/time/month.ts";
import { type JobInMonth, type MonthJournal, nothingYet, successOf } from "./month-journal.ts";

/** The time that is told of, seconds since the epoch. */
export interface Period {
  readonly month: Month;
  readonly until: number;
  readonly createdAt: number;
}

/** What is known of each job, in the month and, as far as it matters to the month's beginning, before it. */
export interface Knowledge extends Period {
  readonly jobs: ReadonlyMap<string, KnownJob>;
  /** Sentences: of which jobs something is not known. */
  readonly unknown: readonly string[];
}

export interface KnownJob {
  readonly inMonth: JobInMonth;
  /** What it saved: the basis of recovery points. */
  readonly saved: SavingJob;
  /** Its successes, whatever it does. */
  readonly succeeded: SavingJob;
}

/** How many runs before the month are looked at, of each outcome, to learn what was there when it began. */
const lookBack = 50;

export function knowledgeOf(config: Config, ledger: Ledger, period: Period, journal: MonthJournal): Knowledge {
  const { month, createdAt } = period;
  const declared = new Map(ledger.jobStates().map(({ job, declaredAt }) => [job, declaredAt / 1000]));
  const keptFrom = createdAt - config.journal.keep;
  const jobs = new Map<string, KnownJob>();
  const unknown: string[] = [];
  for (const job of new Set([...Object.keys(config.jobs), ...journal.jobs.keys()])) {
    const inMonth = journal.jobs.get(job) ?? nothingYet();
    const before = beforeMonth(ledger, job, month);
    const declaredAt = declared.get(job) ?? null;
    const about = (points: readonly SavedPoint[], earlier: readonly SavedPoint[]): SavingJob => {
      if (earlier.some(({ finishedAt }) => finishedAt <= month.from)) {
        return { knownFrom: month.from, isComplete: false, points: [...points, ...earlier] };
      }
      const isComplete = declaredAt !== null && declaredAt >= keptFrom;
      const knownFrom = isComplete ? declaredAt : Math.max(month.from, keptFrom);
      return { knownFrom, isComplete, points: [...points, ...earlier] };
    };
    const known = {
      inMonth,
      saved: about(inMonth.points, before.points),
      succeeded: about(inMonth.successes, before.successes),
    };
    jobs.set(job, known);
    if (!Object.hasOwn(config.jobs, job)) {
      unknown.push(`job ${job} has runs in this month, and is not in the configuration any more`);
    } else if (declaredAt === null) {
      unknown.push(`job ${job}: this ledger has never heard of it`);
    } else if (declaredAt >= period.until) {
      unknown.push(`job ${job}: the ledger knows it only since ${localTime(declaredAt, month.zone)}, after this month`);
    } else if (known.succeeded.knownFrom > month.from) {
      unknown.push(`job ${job}: nothing is known of it before ${localTime(known.succeeded.knownFrom, month.zone)}`);
    }
  }
  return { ...period, jobs, unknown };
}

/** The newest that a job had done and saved when the month began, and what was under way then. */
function beforeMonth(ledger: Ledger, job: string, { from }: Month): Record<"points" | "successes", SavedPoint[]> {
  const runs = (["success", "partial", "failed"] as const).flatMap((outcome) =>
    ledger.runs({ job, outcome, before: from * 1000, limit: outcome === "success" ? 5 : lookBack }),
  );
  const steps = ledger.stepsOfRuns(runs.map(({ id }) => id));
  return {
    points: runs.flatMap((run) => pointOfRun(run, steps.get(run.id) ?? []) ?? []),
    successes: runs.filter(({ outcome }) => outcome === "success").map(successOf),
  };
}
