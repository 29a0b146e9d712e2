import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  choosing,
  difference,
  highest,
  howManyAbove,
  howManyBelow,
  increase,
  lowest,
  quotient,
  share,
} from "../../src/model/alert/expression.ts";
import { count, days, half, hours } from "../../src/model/alert/measure.ts";
import { valueToDatadog } from "../../src/provision/datadog/query.ts";
import { valueToPromql } from "../../src/provision/prometheus/promql.ts";

const age = highest("snapshotAge", { by: ["host"] });

describe("what dashboards ask besides what alerts ask", () => {
  it("one number of everything: grouped by nothing", () => {
    const value = highest("snapshotAge", { by: [] });
    assert.equal(valueToPromql(value), "max (pantheros_snapshot_age_seconds)");
    assert.equal(valueToDatadog(value), "max:pantheros.snapshot.age{*}");
  });

  it("what its reader chooses: by the labels that a metric has", () => {
    const value = choosing(["host", "job"], quotient(age, lowest("jobOverdue", { by: ["host"] })));
    assert.equal(
      valueToPromql(value),
      `max by (host) (pantheros_snapshot_age_seconds{host=~"$host"})
  / min by (host) (pantheros_job_overdue_seconds{host=~"$host", job=~"$job"})`,
    );
    assert.equal(
      valueToDatadog(value),
      "max:pantheros.snapshot.age{$host} by {host} / min:pantheros.job.overdue{$host AND $job} by {host}",
    );
  });

  it("how many are beyond a level: 0 where none is", () => {
    const above = howManyAbove(age, hours(24));
    assert.equal(
      valueToPromql(above),
      `count(max by (host) (pantheros_snapshot_age_seconds) > 86400)
  or 0 * count(max by (host) (pantheros_snapshot_age_seconds))`,
    );
    // Datadog has the age in hours.
    assert.equal(valueToDatadog(above), "count_nonzero(clamp_min(max:pantheros.snapshot.age{*} by {host}, 24) - 24)");
    const unproven = howManyBelow(lowest("jobProven", { by: ["job"] }), half);
    assert.match(valueToPromql(unproven), /^count\(min by \(job\) \(pantheros_job_proven\) < 0\.5\)/);
    assert.equal(valueToDatadog(unproven), "count_nonzero(clamp_max(min:pantheros.job.proven{*} by {job}, 0.5) - 0.5)");
    const failing = howManyAbove(highest("jobConsecutiveFailures", { by: ["job"] }), count(0));
    assert.equal(
      valueToDatadog(failing),
      "count_nonzero(clamp_min(max:pantheros.job.consecutive_failures{*} by {job}, 0))",
    );
  });

  it("a share of what was counted: 0 where nothing of it was", () => {
    const value = share("jobRuns", { by: ["job"], within: days(7), of: { outcome: ["success"] } });
    assert.equal(
      valueToDatadog(value),
      "default_zero(sum:pantheros.job.runs{outcome:success} by {job}.as_count()) / sum:pantheros.job.runs{*} by {job}.as_count()",
    );
    const whole = valueToPromql(increase("jobRuns", { by: ["job"], within: days(7) }));
    const part = valueToPromql(increase("jobRuns", { by: ["job"], within: days(7), where: { outcome: ["success"] } }));
    assert.equal(valueToPromql(value), `(${part} or 0 * ${whole})\n  / ${whole}`);
  });

  it("parts of a combination that are combinations themselves stay together", () => {
    const value = quotient(difference(age, age), age);
    assert.match(valueToPromql(value), /^\(max by .*\n {2}- max by .*\)\n {2}\/ max by/);
    const metric = "max:pantheros.snapshot.age{*} by {host}";
    assert.equal(valueToDatadog(value), `(${metric} - ${metric}) / ${metric}`);
  });
});
