import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jobs } from "../../src/collectors/jobs.ts";
import { configOf, emptyLedger, hour, noon, readable, record } from "./ledger.ts";

const steps = [{ uses: "command", argv: ["true"] }];
const nightly = configOf({ jobs: { home: { schedule: "0 2 * * *", grace: "1h", steps } } });
/** Today at 02:00. */
const fire = noon - 10 * hour;

function look(config = nightly, ledger = emptyLedger(), now = noon) {
  return readable(jobs.collect({ config, ledger, now }));
}

describe("the collector jobs", () => {
  it("has the series of a declared job before it has ever run", () => {
    const seen = look();
    assert.equal(seen["jobRunning{job=home}"], 0);
    assert.equal(seen["jobOutcome{job=home,outcome=never}"], 1);
    assert.equal(seen["jobConsecutiveFailures{job=home}"], 0);
    assert.equal(seen["jobLastSuccess{job=home}"], undefined);
  });

  it("makes a job that never ran overdue from its first fire after it was declared, and its grace", () => {
    const ledger = emptyLedger();
    ledger.declare("job", ["home"], (fire - hour) * 1000);
    assert.equal(look(nightly, ledger)["jobOverdue{job=home}"], fire + hour);
  });

  it("keeps last start, last finish and last success apart", () => {
    const ledger = emptyLedger();
    record(ledger, fire - 24 * hour, { job: "home" });
    record(ledger, fire, { job: "home", outcome: "failed", reason: "network" });
    const seen = look(nightly, ledger);
    assert.equal(seen["jobLastSuccess{job=home}"], fire - 24 * hour);
    assert.equal(seen["jobLastFinish{job=home}"], fire);
    assert.equal(seen["jobOutcome{job=home,outcome=failed}"], 1);
    assert.equal(seen["jobOutcome{job=home,outcome=success}"], 0);
    assert.equal(seen["jobConsecutiveFailures{job=home}"], 1);
    assert.equal(
      seen["jobOverdue{job=home}"],
      fire + hour,
      "a failure is no success: overdue since today's fire and grace",
    );
  });

  it("says when it runs next, and that it is in time after a success", () => {
    const ledger = emptyLedger();
    record(ledger, fire + 60, { job: "home" });
    const seen = look(nightly, ledger);
    assert.equal(seen["jobNextRun{job=home}"], fire + 24 * hour);
    assert.equal(seen["jobOverdue{job=home}"], fire + 25 * hour, "a moment that lies ahead: the age is 0 until then");
  });

  it("shows a run that is alive with its progress, beside the last outcome", () => {
    const ledger = emptyLedger();
    record(ledger, fire, { job: "home" });
    const id = record(ledger, noon - 60, { job: "home", unfinished: true });
    ledger.markSeen(id, noon * 1000, 0.25);
    const seen = look(nightly, ledger);
    assert.deepEqual(
      [seen["jobRunning{job=home}"], seen["jobProgress{job=home}"], seen["jobOutcome{job=home,outcome=success}"]],
      [1, 0.25, 1],
    );
  });

  it("does not take a success that the clock dated in the future for one", () => {
    const ledger = emptyLedger();
    ledger.declare("job", ["home"], (fire - hour) * 1000);
    record(ledger, noon + 365 * 24 * hour, { job: "home" });
    assert.equal(look(nightly, ledger)["jobOverdue{job=home}"], fire + hour);
  });

  it("owes nothing without a schedule", () => {
    const seen = look(configOf({ jobs: { home: { steps, expected_duration: "10m" } } }));
    assert.equal(seen["jobOverdue{job=home}"], undefined);
    assert.equal(seen["jobNextRun{job=home}"], undefined);
    assert.equal(seen["jobExpectedDuration{job=home}"], 600);
  });

  it("does not let a skipped run refresh anything", () => {
    const ledger = emptyLedger();
    record(ledger, fire - 24 * hour, { job: "home" });
    const start = {
      id: "s",
      job: "home",
      trigger: "command",
      startedAt: noon * 1000,
      deadlineAt: null,
      holder: { bootId: "b", pid: 1, startTicks: 1 },
      steps: [],
    } as const;
    ledger.recordFinishedRun(start, {
      finishedAt: noon * 1000,
      outcome: "skipped",
      reason: "locked",
      message: null,
      increments: [],
    });
    const seen = look(nightly, ledger);
    assert.equal(seen["jobLastSuccess{job=home}"], fire - 24 * hour);
    assert.equal(seen["jobOutcome{job=home,outcome=success}"], 1);
  });
});
