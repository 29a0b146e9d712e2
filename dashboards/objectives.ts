import { difference, highest, howManyAbove, howManyBelow, lowest, quotient } from "../src/model/alert/expression.ts";
import { count, days, half, percent } from "../src/model/alert/measure.ts";
import type { Stack, Thresholds } from "../src/model/alert/stack.ts";
import { defineDashboard, type Section } from "../src/model/dashboard/dashboard.ts";
import { bars, column, line, single, table, timeseries, yesNo } from "../src/model/dashboard/widget.ts";

const by = ["host", "objective"] as const;
const lossOfPromise = quotient(highest("objectiveRpoActual", { by }), lowest("objectiveRpoPromised", { by }));
const restoreOfPromise = quotient(highest("objectiveRtoActual", { by }), lowest("objectiveRtoPromised", { by }));
/** Above the whole of it a promise is broken. */
const promise = { above: { warning: percent(80), critical: percent(100) } } as const;

export const objectives = defineDashboard({
  id: "objectives",
  title: "Objectives",
  summary:
    "For who has promised something: how much would be lost now, how long a restore takes, how many copies there are, and what it costs.",
  chosen: ["host", "objective"],
  looksBack: days(30),
  sections: ({ thresholds }: Stack) => [now(thresholds), recovery, copies, proof],
});

const now = ({ budgetWarning, budgetCritical }: Thresholds): Section => ({
  title: "Now",
  widgets: [
    single({
      title: "Promises that hold",
      tells: "Of those that something has measured.",
      value: howManyAbove(lowest("objectiveMet", { by: [...by, "promise"] }), half),
    }),
    single({
      title: "Promises broken",
      tells: "Each is in the timeline below.",
      value: howManyBelow(lowest("objectiveMet", { by: [...by, "promise"] }), half),
      judged: { above: { critical: count(0) } },
    }),
    single({
      title: "Data loss now, at most",
      tells: "Age of the oldest of the newest proven backups.",
      value: highest("objectiveRpoActual", { by: [] }),
    }),
    single({
      title: "Longest restore",
      tells: "As drills measured it last.",
      value: highest("objectiveRtoActual", { by: [] }),
    }),
    single({
      title: "Fewest copies",
      tells: "The original among them.",
      value: lowest("objectiveCopies", { by: [] }),
    }),
    single({
      title: "Budget used",
      tells: "Of the objective that has used most of its own in this month.",
      value: highest("objectiveBudgetUsed", { by: [] }),
      judged: { above: { warning: budgetWarning, critical: budgetCritical } },
    }),
    table({
      title: "Promised and actual, the nearest to its limit first",
      tells: "Used: the data loss of now as a share of the one that was promised.",
      columns: [
        column("Used", lossOfPromise, promise),
        column("Data loss now", highest("objectiveRpoActual", { by })),
        column("Promised", lowest("objectiveRpoPromised", { by })),
        column("Restore took", highest("objectiveRtoActual", { by })),
        column("Restore promised", lowest("objectiveRtoPromised", { by })),
        column("Budget", highest("objectiveBudgetPromised", { by })),
        column("Budget used", highest("objectiveBudgetUsed", { by }), {
          above: { warning: budgetWarning, critical: budgetCritical },
        }),
      ],
    }),
    yesNo({
      title: "Which promises held",
      tells: "Absent: nothing has measured it, so nobody knows.",
      metric: "objectiveMet",
      by: [...by, "promise"],
    }),
  ],
});

const recovery: Section = {
  title: "Recovery",
  widgets: [
    timeseries({
      title: "Data loss, as a share of what is promised",
      tells: "A saw: it rises until the next backup is proven. Above 100 % the promise is broken.",
      lines: [line(lossOfPromise)],
      judged: promise,
    }),
    timeseries({
      title: "Restore, as a share of what is promised",
      tells: "By the drills. It grows with the data.",
      lines: [line(restoreOfPromise)],
      judged: promise,
    }),
  ],
};

const copies: Section = {
  title: "Copies",
  widgets: [
    table({
      title: "Copies, the most missing first",
      tells: "3-2-1: three copies, two media, one offsite. A copy counts when its place has listed it and it is fresh.",
      width: 8,
      columns: [
        column("Missing", difference(highest("objectiveCopiesPromised", { by }), lowest("objectiveCopies", { by })), {
          above: { warning: count(0) },
        }),
        column(
          "Offsite missing",
          difference(highest("objectiveOffsitePromised", { by }), lowest("objectiveOffsite", { by })),
          { above: { warning: count(0) } },
        ),
        column("Copies", lowest("objectiveCopies", { by })),
        column("Offsite", lowest("objectiveOffsite", { by })),
        column("Media", lowest("objectiveMedia", { by })),
      ],
    }),
    timeseries({
      title: "Copies over time",
      tells: "A step down: a place has lost its copy, or its copy is too old to count.",
      width: 4,
      lines: [line(lowest("objectiveCopies", { by }))],
    }),
  ],
};

const proof: Section = {
  title: "What proves it",
  widgets: [
    bars({
      title: "Last measured recovery, by job",
      tells: "From nothing to usable data.",
      width: 6,
      value: highest("drillRto", { by: ["host", "job", "target"] }),
    }),
    bars({
      title: "Read back within the check's window",
      tells: "Share of what is stored.",
      width: 6,
      value: lowest("checkCoverage", { by: ["host", "job", "target"] }),
    }),
  ],
};
