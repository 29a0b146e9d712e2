import { highest, howManyAbove, increase, total } from "../src/model/alert/expression.ts";
import { failureLevels } from "../src/model/alert/levels.ts";
import { count, days, half } from "../src/model/alert/measure.ts";
import type { Stack } from "../src/model/alert/stack.ts";
import { defineDashboard, type Section } from "../src/model/dashboard/dashboard.ts";
import { bars, column, line, single, table, timeseries } from "../src/model/dashboard/widget.ts";
import { failuresColumn, lastOutcomes, runsByOutcome, successColumn, successWithin } from "./parts/runs.ts";

const month = days(30);
const week = days(7);
const ended = { failed: { outcome: ["failed"] }, skipped: { outcome: ["skipped"] } } as const;

export const failureTrend = defineDashboard({
  id: "failure-trend",
  title: "Failure trend",
  summary:
    "For who wants fewer of them: whether runs fail more often than they did, why, in which job, and what was lost without a word.",
  chosen: ["host", "job"],
  looksBack: month,
  sections: ({ thresholds }: Stack) => [
    {
      title: "In short",
      widgets: [
        successWithin(week, "Share of the runs that were not skipped. Partial success is none."),
        successWithin(month, "The same over a month: below the other one, it is getting better."),
        single({
          title: "Failed in 7 days",
          tells: "Runs.",
          value: increase("jobRuns", { by: [], within: week, where: ended.failed }),
          judged: { above: { warning: count(0) } },
        }),
        single({
          title: "Lost in 30 days",
          tells: "Runs whose process was gone before it could say how it ended: killed, out of memory, power lost.",
          value: increase("jobLost", { by: [], within: month }),
          judged: { above: { warning: count(0) } },
        }),
        single({
          title: "Not journaled in 30 days",
          tells: "Runs that were made although the ledger could not be written.",
          value: increase("jobUnjournaled", { by: [], within: month }),
          judged: { above: { warning: count(0) } },
        }),
        single({
          title: "Unlike themselves",
          tells: "Successful backups whose size, duration or changes are unlike the job's own history.",
          value: howManyAbove(highest("backupAnomaly", { by: ["host", "job", "target", "kind"] }), half),
          judged: { above: { warning: count(0) } },
        }),
      ],
    },
    why,
    {
      title: "Which",
      widgets: [
        table({
          title: "Jobs, the most failures in a row first",
          tells: "A row leads to the job.",
          width: 6,
          opens: "job-detail",
          columns: [
            failuresColumn("In a row now", thresholds),
            column(
              "Failed in 30 days",
              increase("jobRuns", { by: ["host", "job"], within: month, where: ended.failed }),
            ),
            successColumn(month),
          ],
        }),
        timeseries({
          title: "Failures in a row",
          tells: "A line that rises is a job that nobody has looked at.",
          lines: [line(highest("jobConsecutiveFailures", { by: ["host", "job"] }))],
          judged: { above: failureLevels(thresholds) },
        }),
        lastOutcomes({
          title: "How each job's last run ended",
          tells: "Failures at the same hour have the same cause.",
        }),
      ],
    },
    steps,
  ],
});

const why: Section = {
  title: "Why",
  widgets: [
    timeseries({
      title: "Runs that failed, a day, by reason",
      tells: "pantheros explain REASON says what to do about each.",
      width: 8,
      drawn: "bars",
      lines: [line(increase("jobRuns", { by: ["reason"], within: days(1), where: ended.failed }))],
    }),
    bars({
      title: "Reasons in 30 days",
      tells: "What is worth mending first.",
      value: increase("jobRuns", { by: ["reason"], within: month, where: ended.failed }),
    }),
    runsByOutcome("Fewer runs than usual are as bad as failed ones.", 8),
    bars({
      title: "Skipped in 30 days, by reason",
      tells: "A job that is always locked or has no time is not running.",
      value: increase("jobRuns", { by: ["reason"], within: month, where: ended.skipped }),
    }),
  ],
};

const steps: Section = {
  title: "Steps",
  widgets: [
    timeseries({
      title: "Backups that failed, a day",
      tells: "By where they go: one target that fails for all jobs is the target's fault.",
      drawn: "bars",
      lines: [line(increase("backupFailed", { by: ["target", "reason"], within: days(1) }))],
    }),
    timeseries({
      title: "Snapshots that failed, a day",
      tells: "Without a snapshot nothing is uploaded.",
      drawn: "bars",
      lines: [line(increase("snapshotFailed", { by: ["host", "subvol", "reason"], within: days(1) }))],
    }),
    timeseries({
      title: "Unlike their history",
      tells: "Successful backups that are unlike the job's own, by what is unlike.",
      width: 12,
      drawn: "areas",
      lines: [line(total("backupAnomaly", { by: ["job", "kind"] }))],
    }),
  ],
};
