import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";
import { hours } from "../src/model/alert/measure.ts";

/** Lasting: in the first hours of a month the forecast has little to go by. */
export const budgetForecast = defineAlert({
  id: "budget-forecast",
  title: "Storage is about to cost more than its budget",
  condition: ({ thresholds }) =>
    above(
      highest("objectiveBudgetForecast", { by: ["host", "objective"] }),
      { warning: thresholds.budgetWarning, critical: thresholds.budgetCritical },
      { lasting: hours(6) },
    ),
  summary: ({ host, objective, value }) =>
    `The storage of ${objective} on ${host} is likely to cost ${value} of its budget by the end of the month.`,
  why: "There is time left to remove what is not needed, or to raise the budget on purpose.",
  remedies: () => [
    { what: "See which bucket costs what, and what grows", command: "pantheros cost" },
    { what: "See whether pruning has stopped", command: "pantheros retention" },
  ],
});
