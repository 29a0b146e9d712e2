import type { Config } from "../config/schema.ts";
import type { JobDay, JobReport } from "../model/objective/month-report.ts";
import { recoveryHistory } from "../model/objective/recovery-history.ts";
import type { Knowledge, KnownJob } from "./month-knowledge.ts";

/** Every job that is declared or has run in the month, in the order of the configuration; those that are gone come last. */
export function jobReports(config: Config, knowledge: Knowledge): JobReport[] {
  return [...knowledge.jobs].map(([job, known]) => jobReport(job, known, config, knowledge));
}

function jobReport(
  job: string,
  { inMonth, succeeded }: KnownJob,
  config: Config,
  { month, until }: Knowledge,
): JobReport {
  const { byOutcome, running, lost, reasons, bytes } = inMonth;
  const tried = byOutcome.success + byOutcome.partial + byOutcome.failed;
  const declared = Object.hasOwn(config.jobs, job) ? config.jobs[job] : undefined;
  const history = recoveryHistory([succeeded], { from: month.from, until, promised: null, parts: 1 });
  return {
    ...{ job, isDeclared: declared !== undefined, description: declared?.description ?? null },
    ...{ byOutcome, running, lost, bytes, runs: tried + byOutcome.skipped + running },
    successRatio: tried === 0 ? null : byOutcome.success / tried,
    reasons: [...reasons.values()].toSorted(
      (a, b) => b.count - a.count || `${a.outcome}/${a.reason}`.localeCompare(`${b.outcome}/${b.reason}`, "en"),
    ),
    gap: history.worst,
    days: month.days.map(({ from }, index): JobDay | null =>
      from >= until ? null : (inMonth.days.get(index) ?? { runs: 0, byOutcome: nothing, bytes: null }),
    ),
  };
}

const nothing = { success: 0, partial: 0, failed: 0, skipped: 0 } as const;
