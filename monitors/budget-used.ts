import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";

export const budgetUsed = defineAlert({
  id: "budget-used",
  title: "Storage has nearly cost its month's budget",
  condition: ({ thresholds }) =>
    above(highest("objectiveBudgetUsed", { by: ["host", "objective"] }), {
      warning: thresholds.budgetWarning,
      critical: thresholds.budgetCritical,
    }),
  summary: ({ host, objective, value }) =>
    `The storage of ${objective} on ${host} has cost ${value} of its budget in this month so far.`,
  why: "What is stored goes on costing until somebody removes it; a bill over the budget is found out a month too late.",
  remedies: () => [
    { what: "See which bucket costs what, and what grows", command: "pantheros cost" },
    { what: "See whether pruning has stopped", command: "pantheros retention" },
  ],
});
