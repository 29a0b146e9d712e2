import { join } from "node:path";
import { describe } from "node:test";
import { type Attempts, itCompilesAs } from "../../contract/compiles.ts";

const root = join(import.meta.dirname, "../../..");
const imports = `
import { defineDashboard } from "${root}/src/model/dashboard/dashboard.ts";
import { bars, column, line, single, states, table, timeseries, yesNo } from "${root}/src/model/dashboard/widget.ts";
import { highest, howManyAbove, increase, share } from "${root}/src/model/alert/expression.ts";
import { count, days, half, hours, percent } from "${root}/src/model/alert/measure.ts";
export const all = { defineDashboard, bars, column, line, single, states, table, timeseries, yesNo, highest, howManyAbove, increase, share, count, days, half, hours, percent };
const frame = { title: "x", tells: "x" };
`;
const age = `highest("snapshotAge", { by: ["host", "subvol"] })`;
const dashboard = (chosen: string) =>
  `defineDashboard({ id: "x", title: "x", summary: "x", chosen: ${chosen}, looksBack: days(7), sections: () => [] });`;

const attempts: Attempts = {
  "a graph of ages with a level": [
    `timeseries({ ...frame, lines: [line(${age})], judged: { above: { warning: hours(24) } } });`,
    null,
  ],
  "a graph of a metric that is not in the catalogue": [
    `timeseries({ ...frame, lines: [line(highest("snapshotAges", { by: [] }))] });`,
    /"snapshotAges"/,
  ],
  "a graph of two units": [
    `timeseries({ ...frame, lines: [line(${age}), line(highest("snapshotSize", { by: ["host"] }))] });`,
    /"bytes"/,
  ],
  "a level in another unit than the graph": [
    `timeseries({ ...frame, lines: [line(${age})], judged: { above: { warning: percent(80) } } });`,
    /"ratio"/,
  ],
  "a level that is neither above nor below": [
    `single({ ...frame, value: highest("snapshotAge", { by: [] }), judged: { critical: hours(1) } });`,
    /critical/,
  ],
  "one number for several groups": [`single({ ...frame, value: ${age} });`, /never/],
  "a bar for a label that the metric does not have": [
    `bars({ ...frame, value: highest("snapshotAge", { by: ["job"] }) });`,
    /"job"/,
  ],
  "a table whose columns have different groups": [
    `table({ ...frame, columns: [column("a", ${age}), column("b", highest("jobOverdue", { by: ["host", "job"] }))] });`,
    /"job"|"subvol"/,
  ],
  "a table of several units with the same groups": [
    `table({ ...frame, columns: [column("a", ${age}), column("b", highest("snapshotSize", { by: ["host", "subvol"] }))] });`,
    null,
  ],
  "states of a metric that is neither yes nor no": [
    `yesNo({ ...frame, metric: "snapshotAge", by: ["host"] });`,
    /"snapshotAge"/,
  ],
  "states by a label that the metric does not have": [
    `states({ ...frame, metric: "jobOutcome", label: "state", by: ["host"], states: {} });`,
    /"state"/,
  ],
  "a state that is misspelt": [
    `states({ ...frame, metric: "jobOutcome", label: "outcome", by: ["host"], states: { success: "good", faild: "bad" } });`,
    /faild/,
  ],
  "states of a label with closed values": [
    `states({ ...frame, metric: "jobOutcome", label: "outcome", by: ["host"], states: { success: "good", failed: "bad" } });`,
    null,
  ],
  "states grouped by the state itself": [
    `states({ ...frame, metric: "jobOutcome", label: "outcome", by: ["outcome"], states: {} });`,
    /"outcome"/,
  ],
  "a share of a gauge": [`share("snapshotAge", { by: [], within: days(1), of: {} });`, /"snapshotAge"/],
  "a share by a label that the counter does not have": [
    `share("jobRuns", { by: [], within: days(1), of: { subvol: ["x"] } });`,
    /subvol/,
  ],
  "how many are above a level in another unit": [`howManyAbove(${age}, count(3));`, /"count"/],
  "a choice by labels of metrics": [dashboard(`["host", "job", "bucket"]`), null],
  "a choice by a label that no metric has": [dashboard(`["host", "colour"]`), /"colour"/],
};

describe("what is wrong with a dashboard does not compile", () => {
  itCompilesAs(attempts, imports);
});
