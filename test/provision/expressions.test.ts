import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { above, below, silent } from "../../src/model/alert/condition.ts";
import { difference, highest, lowest, quotient } from "../../src/model/alert/expression.ts";
import { hours, minutes, percent, times } from "../../src/model/alert/measure.ts";
import { levelToDatadog, shownUnit, valueToDatadog, windowOf } from "../../src/provision/datadog/query.ts";
import { promqlDuration, selector, toPromql, valueToPromql } from "../../src/provision/prometheus/promql.ts";

const by = ["host", "job"] as const;
const age = highest("jobSuccessAge", { by });
const shortest = lowest("jobSuccessAge", { by });
const nested = quotient(difference(age, shortest), age);

/** What no alert that is shipped needs, and the next one may. */
describe("an expression", () => {
  it("keeps what is reckoned first together", () => {
    const [high, low] = ["max", "min"].map((across) => `${across} by (host, job) (pantheros_job_success_age_seconds)`);
    assert.equal(valueToPromql(nested), `(${high}\n  - ${low})\n  / ${high}`);
    const [most, least] = ["max", "min"].map((across) => `${across}:pantheros.job.success_age{*} by {host,job}`);
    assert.equal(valueToDatadog(nested), `(${most} - ${least}) / ${most}`);
  });

  it("is judged in the unit that Datadog shows; what is a multiple has none", () => {
    assert.equal(shownUnit(age), "hours");
    assert.equal(shownUnit(difference(age, shortest)), "hours");
    assert.equal(levelToDatadog(difference(age, shortest), hours(36).value), 36);
    assert.equal(levelToDatadog(nested, times(2).value), 2);
    const usage = highest("diskUsage", { by: ["host"] });
    assert.equal(levelToDatadog(usage, percent(85).value), 85);
  });
});

describe("a condition", () => {
  it("on silence need not excuse anybody", () => {
    const silence = silent("buildInfo", { by: ["host"], longer: minutes(30), severity: "critical" });
    assert.doesNotMatch(toPromql(silence, "critical") ?? "", /unless[\s\S]*unless/);
    assert.equal(toPromql(silence, "warning"), null);
  });

  it("names its level, and has none of another severity", () => {
    assert.match(toPromql(above(age, { critical: hours(1) }), "critical") ?? "", /\n> 3600$/);
    assert.match(toPromql(below(age, { critical: hours(1) }), "critical") ?? "", /\n< 3600$/);
    assert.equal(toPromql(above(age, { critical: hours(1) }), "warning"), null);
  });
});

describe("a stretch of time", () => {
  it("is written in the largest unit that it is whole in", () => {
    const written = [45, 60, 90, 7200, 5400, 86_400].map(promqlDuration);
    assert.deepEqual(written, ["45s", "1m", "90s", "2h", "90m", "1d"]);
    assert.deepEqual([90, 300, 7200, 86_400, 604_800].map(windowOf), [
      "last_2m",
      "last_5m",
      "last_2h",
      "last_1d",
      "last_1w",
    ]);
    assert.throws(() => windowOf(604_801), /looks back a week at most/);
  });
});

it("a selection among several takes each as it is written", () => {
  const chosen = { where: { host: ["a.b", "c"] }, without: { job: ["x+", "y"] } };
  assert.equal(selector("m", chosen), String.raw`m{host=~"a\\.b|c", job!~"x\\+|y"}`);
  assert.equal(selector("m", { where: { host: ["a.b"] }, without: {} }), 'm{host="a.b"}');
});
