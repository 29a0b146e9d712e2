import { highest, increase, lowest, total } from "../src/model/alert/expression.ts";
import { days, half, hours, percent } from "../src/model/alert/measure.ts";
import type { Stack } from "../src/model/alert/stack.ts";
import { defineDashboard, type Section } from "../src/model/dashboard/dashboard.ts";
import { bars, column, line, single, table, timeseries } from "../src/model/dashboard/widget.ts";

export const backupCost = defineDashboard({
  id: "backup-cost",
  title: "Backup cost",
  summary:
    "For who pays: what storing the backups has cost this month, what the whole month will cost, which bucket causes it, and how sure that is.",
  chosen: ["host", "bucket"],
  looksBack: days(30),
  sections: ({ thresholds: { budgetWarning, budgetCritical } }: Stack) => [
    {
      title: "This month",
      widgets: [
        single({
          title: "So far",
          tells: "Storage and requests since the month began (UTC), by the provider's report where there is one.",
          value: total("bucketCost", { by: [] }),
        }),
        single({
          title: "Whole month, likely",
          tells: "What the month comes to if it goes on as it has.",
          value: total("bucketForecast", { by: [], where: { bound: ["likely"] } }),
        }),
        single({
          title: "Whole month, at most",
          tells: "The sum of the high bounds; each bucket stays below its own nine times of ten.",
          value: total("bucketForecast", { by: [], where: { bound: ["high"] } }),
        }),
        single({
          title: "Budget used",
          tells: "Of the objective that has used most of its own.",
          value: highest("objectiveBudgetUsed", { by: [] }),
          judged: { above: { warning: budgetWarning, critical: budgetCritical } },
        }),
        single({
          title: "Cost of looking",
          tells: "Requests that pantheros itself made to know all this, before anything that is free.",
          value: total("bucketObservationCost", { by: [] }),
        }),
        single({
          title: "Least known bucket",
          tells: "Share of the month for which it is known what the bucket stored; the cost is that of this share.",
          value: lowest("bucketCovered", { by: [] }),
          judged: { below: { warning: percent(90) } },
        }),
        timeseries({
          title: "Cost since the month began",
          tells: "Starts anew with every month. A line that bends upwards: more is stored, or old versions are kept.",
          drawn: "areas",
          lines: [line(highest("bucketCost", { by: ["bucket"] }))],
        }),
        timeseries({
          title: "Share of the budget",
          tells: "Of each objective with a budget, in this month.",
          lines: [line(highest("objectiveBudgetUsed", { by: ["host", "objective"] }))],
          judged: { above: { warning: budgetWarning, critical: budgetCritical } },
        }),
      ],
    },
    buckets,
    stored,
    looking,
  ],
});

const buckets: Section = {
  title: "By bucket",
  widgets: [
    table({
      title: "Buckets, the dearest first",
      tells: "Likely, low and high: the month's cost is between them four times of five.",
      columns: [
        column("So far", highest("bucketCost", { by: ["bucket"] })),
        column("Likely", highest("bucketForecast", { by: ["bucket"], where: { bound: ["likely"] } })),
        column("Low", highest("bucketForecast", { by: ["bucket"], where: { bound: ["low"] } })),
        column("High", highest("bucketForecast", { by: ["bucket"], where: { bound: ["high"] } })),
        column("Growth a day", highest("bucketGrowth", { by: ["bucket"] })),
        column("Known", lowest("bucketCovered", { by: ["bucket"] }), { below: { warning: percent(90) } }),
        column("Reported until", highest("bucketReported", { by: ["bucket"] })),
        column("Rates since", highest("bucketRateSince", { by: ["bucket"] })),
      ],
    }),
    timeseries({
      title: "Forecast of the month, by bucket",
      tells: "The likely one. It steadies as the month goes on.",
      lines: [line(highest("bucketForecast", { by: ["bucket"], where: { bound: ["likely"] } }))],
    }),
    bars({
      title: "Growth a day",
      tells: "The trend of the last 30 days.",
      width: 6,
      value: highest("bucketGrowth", { by: ["bucket"] }),
    }),
  ],
};

const stored: Section = {
  title: "What is stored",
  widgets: [
    timeseries({
      title: "Stored, by state",
      tells: "Hidden: old versions. Unfinished: uploads that never completed. Both are billed and hold no backup.",
      drawn: "areas",
      lines: [line(total("bucketBytes", { by: ["bucket", "state"] }))],
    }),
    timeseries({
      title: "Objects, by state",
      tells: "Many small ones make looking and pruning dear.",
      drawn: "areas",
      lines: [line(total("bucketObjects", { by: ["bucket", "state"] }))],
    }),
    bars({
      title: "Hidden and unfinished",
      tells: "What a lifecycle rule of the bucket would free.",
      width: 12,
      height: 3,
      value: total("bucketBytes", { by: ["bucket", "state"], where: { state: ["hidden", "unfinished"] } }),
    }),
  ],
};

const looking: Section = {
  title: "What looking takes",
  widgets: [
    timeseries({
      title: "Requests a day, by class",
      tells: "Requests of pantheros' own, by the class in which they are billed.",
      drawn: "bars",
      lines: [line(increase("bucketCalls", { by: ["bucket", "class"], within: days(1) }))],
    }),
    table({
      title: "Scans, the oldest first",
      tells: "The figures of a bucket are those of its last whole scan.",
      width: 6,
      columns: [
        column("Last whole scan", highest("bucketScanned", { by: ["bucket"] }), { above: { warning: hours(48) } }),
        column("Scan under way", lowest("bucketScanProgress", { by: ["bucket"] })),
        column("Complete", lowest("bucketScanComplete", { by: ["bucket"] }), { below: { warning: half } }),
        column("Cost in the month", highest("bucketObservationCost", { by: ["bucket"] })),
      ],
    }),
  ],
};
