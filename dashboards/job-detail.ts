import { highest, increase, lowest, total } from "../src/model/alert/expression.ts";
import { overdueLevels } from "../src/model/alert/levels.ts";
import { days, half, times } from "../src/model/alert/measure.ts";
import type { Stack, Thresholds } from "../src/model/alert/stack.ts";
import { defineDashboard, type Section } from "../src/model/dashboard/dashboard.ts";
import { bars, column, line, single, states, table, timeseries } from "../src/model/dashboard/widget.ts";
import { failuresJudged, lastOutcomes, runsByOutcome, successWithin } from "./parts/runs.ts";

const month = days(30);

export const jobDetail = defineDashboard({
  id: "job-detail",
  title: "Job detail",
  summary:
    "For who has been called about a job: is it late, does it run now, how did it go, and is what it left behind really there.",
  chosen: ["host", "job"],
  looksBack: days(14),
  sections: ({ thresholds }: Stack) => [now(thresholds), runs, backups, proof(thresholds)],
});

const now = (thresholds: Thresholds): Section => ({
  title: "Now",
  widgets: [
    single({
      title: "Since success",
      tells: "Of the chosen job that has gone without for longest; from its declaration where it never succeeded.",
      value: highest("jobSuccessAge", { by: [] }),
      judged: { above: { critical: thresholds.sinceSuccess } },
    }),
    single({
      title: "Overdue",
      tells: "Since it should have succeeded, by schedule and grace.",
      value: highest("jobOverdue", { by: [] }),
      judged: { above: overdueLevels(thresholds) },
    }),
    single({
      title: "Failures in a row",
      tells: "Since the last success.",
      value: highest("jobConsecutiveFailures", { by: [] }),
      judged: failuresJudged(thresholds),
    }),
    single({
      title: "Running",
      tells: "Whether a run is alive.",
      value: highest("jobRunning", { by: [] }),
    }),
    single({
      title: "Progress",
      tells: "Of the running step; none where the tool does not say.",
      value: lowest("jobProgress", { by: [] }),
    }),
    successWithin(month, "Share of the runs that were not skipped."),
    lastOutcomes({
      title: "How the last run ended",
      tells: "pantheros explain --job JOB tells the story of it.",
      height: 3,
    }),
  ],
});

const runs: Section = {
  title: "Runs",
  widgets: [
    timeseries({
      title: "How long runs take",
      tells: "And how long they may, where the configuration says.",
      lines: [
        line(highest("backupDuration", { by: ["host", "job"] }), "took"),
        line(highest("jobExpectedDuration", { by: ["host", "job"] }), "expected"),
      ],
    }),
    runsByOutcome("A day without any is a day without backup."),
    bars({
      title: "Why runs did not succeed, in 30 days",
      tells: "pantheros explain REASON says what to do.",
      width: 6,
      value: increase("jobRuns", { by: ["reason"], within: month, without: { outcome: ["success"] } }),
    }),
    table({
      title: "When",
      tells: "Moments are shown by Grafana alone.",
      width: 6,
      columns: [
        column("Since success", highest("jobSuccessAge", { by: ["host", "job"] })),
        column("Overdue", highest("jobOverdue", { by: ["host", "job"] })),
        column("Last start", highest("jobLastStart", { by: ["host", "job"] })),
        column("Last finish", highest("jobLastFinish", { by: ["host", "job"] })),
        column("Last success", highest("jobLastSuccess", { by: ["host", "job"] })),
        column("Next run", lowest("jobNextRun", { by: ["host", "job"] })),
      ],
    }),
  ],
};

const backups: Section = {
  title: "What it backs up",
  widgets: [
    timeseries({
      title: "Size",
      tells: "What the last successful backup step covered. A sudden drop: something is missing.",
      lines: [line(highest("backupSize", { by: ["host", "job", "target"] }))],
    }),
    timeseries({
      title: "Against its own history",
      tells: "100 % is usual. What is far from it is worth a look before retention forgets the older ones.",
      lines: [line(highest("backupDeviation", { by: ["job", "target", "kind"] }))],
      judged: { above: { warning: times(3) } },
    }),
    timeseries({
      title: "Backups a day",
      tells: "Completed ones showed their artifact.",
      width: 12,
      drawn: "bars",
      lines: [
        line(increase("backupCompleted", { by: ["job", "target"], within: days(1) }), "completed"),
        line(increase("backupFailed", { by: ["job", "target"], within: days(1) }), "failed"),
      ],
    }),
  ],
};

const proof = ({ drillAge }: Thresholds): Section => ({
  title: "Whether it is really there",
  widgets: [
    states({
      title: "What was seen of the newest backup",
      tells: "Unproven: nobody has looked since. Disagrees: somebody has, and it is not there.",
      height: 3,
      metric: "jobProof",
      label: "state",
      by: ["host", "job", "target"],
      states: { proven: "good", unproven: "odd", disagrees: "bad" },
    }),
    table({
      title: "Evidence, the least proven first",
      tells: "A check reads back what is stored; a drill restores it and uses it.",
      width: 8,
      first: "least",
      columns: [
        column("Proven", lowest("jobProven", { by: ["host", "job", "target"] }), { below: { critical: half } }),
        column("Newest proven", highest("backupNewest", { by: ["host", "job", "target"] })),
        column("Read back", lowest("checkCoverage", { by: ["host", "job", "target"] })),
        column("Last check", highest("checkLastSuccess", { by: ["host", "job", "target"] })),
        column("Last drill", highest("drillLastSuccess", { by: ["host", "job", "target"] })),
      ],
    }),
    bars({
      title: "Recovery by the last drill",
      tells: `From nothing to usable data. A drill older than ${drillAge.value / 86_400} days raises an alert.`,
      value: highest("drillRto", { by: ["job", "target"] }),
    }),
    timeseries({
      title: "Read back within the check's window",
      tells: "Below 100 %: parts of what is stored have not been read since.",
      lines: [line(lowest("checkCoverage", { by: ["job", "target"] }))],
    }),
    timeseries({
      title: "Restored by drills",
      tells: "What the last successful drill restored.",
      lines: [line(total("drillBytes", { by: ["job", "target"] }))],
    }),
  ],
});
