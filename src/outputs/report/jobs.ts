import type { JobReport, MonthReport } from "../../model/objective/month-report.ts";
import { formatBytes, formatDuration } from "../../model/quantity.ts";
import { localTime } from "../../model/time/month.ts";
import type { Block, Cell } from "./block.ts";
import { inList } from "./objectives.ts";
import { counted, percent } from "./words.ts";

/** What each job did: all of them in one table, then what each of them did wrong and how its size went. */
export function* jobBlocks(report: MonthReport): Generator<Block> {
  const { jobs, month } = report;
  yield { heading: "Jobs", level: 2, id: "jobs" };
  if (jobs.length === 0) {
    yield { paragraph: ["None is declared, and none has run."] };
    return;
  }
  yield { table: jobTable(report) };
  yield {
    plot: {
      ...{ kind: "calendar", id: "calendar", title: "Runs by day and outcome", days: month.days },
      description:
        "One row for each job, one column for each day of the month; each day shows the worst outcome of its runs.",
      jobs: jobs.map(({ job, days }) => ({ job, days })),
    },
  };
  for (const job of jobs) yield* oneJob(job, report);
}

function jobTable({ jobs }: MonthReport) {
  const number = (title: string) => ({ title, align: "right" as const });
  return {
    caption: "Runs of each job by outcome",
    columns: [
      { title: "job" },
      ...["runs", "success", "partial", "failed", "skipped", "lost", "success rate", "longest gap", "last size"].map(
        number,
      ),
    ],
    rows: jobs.map(({ job, isDeclared, runs, byOutcome, lost, successRatio, gap, bytes }): Cell[] => [
      [isDeclared ? job : `${job} (gone)`],
      ...[runs, byOutcome.success, byOutcome.partial, byOutcome.failed, byOutcome.skipped, lost].map((count) => [
        String(count),
      ]),
      [successRatio === null ? "–" : percent(successRatio)],
      [gap === null ? "unknown" : formatDuration(gap.seconds)],
      [bytes === null ? "–" : formatBytes(bytes.last)],
    ]),
  };
}

function* oneJob(job: JobReport, { month }: MonthReport): Generator<Block> {
  const { reasons, gap, bytes, description } = job;
  if (job.runs === 0 && gap === null) return;
  yield { heading: job.job, level: 3, id: `job-${job.job}` };
  if (description !== null) yield { paragraph: [description] };
  if (gap) {
    yield {
      paragraph: [
        `Longest time without a success: ${formatDuration(gap.seconds)}, from ${localTime(gap.from, month.zone)} to ${localTime(gap.until, month.zone)}`,
        ...(gap.afterRun === null ? [] : [", after ", { run: gap.afterRun }]),
        ...(gap.beforeRun === null ? [", not ended then."] : [", ended by ", { run: gap.beforeRun }, "."]),
      ],
    };
  }
  if (reasons.length > 0) {
    yield {
      table: {
        caption: `Runs of ${job.job} that did not succeed`,
        columns: [{ title: "outcome" }, { title: "reason" }, { title: "runs", align: "right" }, { title: "which" }],
        rows: reasons.map(({ outcome, reason, count, runs }): Cell[] => [
          [{ outcome }],
          [reason ?? "none was given"],
          [String(count)],
          [...inList(runs), ...(count > runs.length ? [` and ${count - runs.length} more`] : [])],
        ]),
      },
    };
  }
  if (bytes === null) return;
  const { first, last, least, most } = bytes;
  const size = `from ${formatBytes(first)} to ${formatBytes(last)}, between ${formatBytes(least)} and ${formatBytes(most)}`;
  yield {
    plot: {
      ...{
        kind: "bytes",
        id: `bytes-${job.job}`,
        title: `${job.job}: size of the largest backup of each day`,
        days: month.days,
      },
      description: `In ${counted(job.days.filter((day) => day !== null && day.bytes !== null).length, "day")}: ${size}.`,
      bytes: job.days.map((day) => day?.bytes ?? null),
    },
  };
}
