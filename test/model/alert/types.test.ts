import { join } from "node:path";
import { describe } from "node:test";
import { type Attempts, itCompilesAs } from "../../contract/compiles.ts";

const root = join(import.meta.dirname, "../../..");
const imports = `
import { defineAlert } from "${root}/src/model/alert/alert.ts";
import { above, either, silent } from "${root}/src/model/alert/condition.ts";
import { difference, highest, increase, lowest, quotient, share, total } from "${root}/src/model/alert/expression.ts";
import { count, days, half, hours, minutes, percent, seconds, times } from "${root}/src/model/alert/measure.ts";
export const all = { defineAlert, above, either, silent, difference, highest, increase, lowest, quotient, share, total, count, days, half, hours, minutes, percent, seconds, times };
`;
const alert = (condition: string, words: string) => `defineAlert({
  id: "x", title: "x", why: "x", remedies: () => [],
  condition: () => ${condition},
  summary: (${words}) => "x",
});`;
const disk = `highest("diskUsage", { by: ["host", "device"] })`;

const attempts: Attempts = {
  "a metric that exists, its labels and a share of it": [
    alert(`above(${disk}, { critical: percent(85) })`, "{ host, device }"),
    null,
  ],
  "a metric that is not in the catalogue": [`highest("diskUse", { by: ["host"] });`, /"diskUse"/],
  "a grouping by a label that the metric does not have": [`highest("diskUsage", { by: ["job"] });`, /"job"/],
  "a selection by a label that the metric does not have": [
    `highest("diskUsage", { by: ["host"], where: { job: ["x"] } });`,
    /job/,
  ],
  "a selection by values that the label has": [
    `highest("jobOutcome", { by: ["job"], where: { outcome: ["failed", "never"] } });
     increase("jobRuns", { by: ["job"], within: hours(1), without: { reason: ["network", "none"] } });
     highest("diskUsage", { by: ["host"], where: { device: ["any name"] } });`,
    null,
  ],
  "an outcome that is misspelt": [`highest("jobOutcome", { by: ["job"], where: { outcome: ["faild"] } });`, /"faild"/],
  "a reason that is misspelt": [
    `increase("jobRuns", { by: ["job"], within: hours(1), without: { reason: ["netwrok"] } });`,
    /"netwrok"/,
  ],
  "a promise, a state, a kind, a rhythm or a type that is misspelt": [
    `lowest("objectiveMet", { by: ["host"], where: { promise: ["offsight"] } });
     highest("jobProof", { by: ["host"], where: { state: ["disagree"] } });
     total("btrfsScrubErrors", { by: ["host"], without: { kind: ["uncorrectible"] } });
     highest("jobSuccessAge", { by: ["host"], without: { rhythm: ["rare"] } });
     highest("snapshotCount", { by: ["host"], where: { type: ["every"] } });
     highest("snapshotFailing", { by: ["host"], where: { holds: ["databases"] } });`,
    /"offsight"[\s\S]*"disagree"[\s\S]*"uncorrectible"[\s\S]*"rare"[\s\S]*"every"[\s\S]*"databases"/,
  ],
  "a value of another metric's label of the same name": [
    `highest("bucketBytes", { by: ["bucket"], where: { state: ["proven"] } });`,
    /"proven"/,
  ],
  "a misspelt value in a share": [
    `share("jobRuns", { by: ["job"], within: hours(1), of: { outcome: ["sucess"] } });`,
    /"sucess"/,
  ],
  "a ratio compared with a number of something": [`above(${disk}, { critical: count(85) });`, /"count"/],
  "a ratio compared with a bare number": [`above(${disk}, { critical: 85 });`, /number/],
  "a duration compared with a ratio": [
    `above(highest("snapshotAge", { by: ["subvol"] }), { warning: percent(80) });`,
    /"ratio"/,
  ],
  "a timestamp compared with a duration": [
    `above(highest("jobLastSuccess", { by: ["job"] }), { critical: hours(36) });`,
    /"seconds"/,
  ],
  "an increase of a gauge": [`increase("diskUsage", { by: ["host"], within: hours(1) });`, /"diskUsage"/],
  "the level of a counter": [`highest("jobLost", { by: ["host"] });`, /"jobLost"/],
  "a window that is no duration": [`increase("jobLost", { by: ["host"], within: count(1) });`, /"count"/],
  "two values of different units": [
    `difference(highest("backupDuration", { by: ["job"] }), highest("backupSize", { by: ["job"] }));`,
    /"bytes"/,
  ],
  "two values of different groups": [
    `quotient(highest("objectiveRpoActual", { by: ["host", "objective"] }), highest("objectiveRpoPromised", { by: ["host"] }));`,
    /"objective"/,
  ],
  "one of two conditions that judges other groups": [
    `either(above(${disk}, { critical: percent(85) }), above(highest("jobOverdue", { by: ["host", "job"] }), { critical: seconds(0) }));`,
    /"job"|"device"/,
  ],
  "a silence by a label that the metric does not have": [
    `silent("buildInfo", { by: ["job"], longer: minutes(5), severity: "critical" });`,
    /"job"/,
  ],
  "an excuse for silence by a label that its metric does not have": [
    `silent("buildInfo", { by: ["host"], longer: minutes(5), severity: "critical", unless: { metric: "jobSuccessAge", where: { device: ["x"] } } });`,
    /device/,
  ],
  "an excuse for silence whose value is misspelt": [
    `silent("buildInfo", { by: ["host"], longer: minutes(5), severity: "critical", unless: { metric: "jobSuccessAge", where: { rhythm: ["awaken"] } } });`,
    /"awaken"/,
  ],
  "neither a warning nor a critical level": [`above(${disk}, {});`, /Levels<"ratio">/],
  "a sentence about a label that is not grouped by": [
    alert(`above(${disk}, { critical: percent(85) })`, "{ job }"),
    /'job'/,
  ],
};

describe("what is wrong with an alert does not compile", () => {
  itCompilesAs(attempts, imports);
});
