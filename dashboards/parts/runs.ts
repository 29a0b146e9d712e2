import { highest, increase, share } from "../../src/model/alert/expression.ts";
import { failureLevels } from "../../src/model/alert/levels.ts";
import { count, days, percent, type Quantity } from "../../src/model/alert/measure.ts";
import type { Thresholds } from "../../src/model/alert/stack.ts";
import { column, line, single, states, timeseries } from "../../src/model/dashboard/widget.ts";

const byJob = ["host", "job"] as const;
const skipped = { outcome: ["skipped"] } as const;
const success = { outcome: ["success"] } as const;

/** Of one that fails, somebody should know; of two in a row, somebody should do something. */
const successJudged = { below: { warning: percent(99), critical: percent(90) } } as const;

/** Share of the runs that were not skipped. */
export function successWithin(within: Quantity<"seconds">, tells: string) {
  return single({
    title: `Success in ${within.value / days(1).value} days`,
    tells,
    value: share("jobRuns", { by: [], within, of: success, without: skipped }),
    judged: successJudged,
  });
}

/** The same of each job, in a table. */
export function successColumn(within: Quantity<"seconds">) {
  const value = share("jobRuns", { by: byJob, within, of: success, without: skipped });
  return column(`Success in ${within.value / days(1).value} days`, value, successJudged);
}

/** From the first failure on it is shown, from the stack's number on it is an alert. */
export const failuresJudged = (thresholds: Thresholds) => ({
  above: { warning: count(0), ...failureLevels(thresholds) },
});

export function failuresColumn(title: string, thresholds: Thresholds) {
  return column(title, highest("jobConsecutiveFailures", { by: byJob }), failuresJudged(thresholds));
}

/** How the last run of each job ended, over time. */
export function lastOutcomes(widget: { readonly title: string; readonly tells: string; readonly height?: number }) {
  return states({
    ...widget,
    ...{ metric: "jobOutcome", label: "outcome", by: byJob },
    states: { never: "idle", success: "good", partial: "odd", skipped: "odd", failed: "bad" },
  });
}

export function runsByOutcome(tells: string, width?: number) {
  return timeseries({
    ...{ title: "Runs a day, by outcome", tells, drawn: "bars" },
    ...(width === undefined ? {} : { width }),
    lines: [line(increase("jobRuns", { by: ["outcome"], within: days(1) }))],
  });
}
