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
    assert.equal(seen["jobOutcome{job=home,outcome=failed}"], undefined, "nothing has shown that it does not fail");
    assert.equal(seen["jobConsecutiveFailures{job=home}"], 0);
    assert.equal(seen["jobLastSuccess{job=home}"], undefined);
  });

  it("makes a job that never ran overdue from its first fire after it was declared, and its grace", () => {
    const ledger = emptyLedger();
    ledger.declare("job", ["home"], (fire - hour) * 1000);
    assert.equal(look(nightly, ledger)["jobOverdue{job=home}"], fire + hour);
  });

  it("is as old as its last success, and before the first one as its declaration", () => {
    const ledger = emptyLedger();
    assert.equal(look(nightly, ledger)["jobSuccessAge{job=home,rhythm=daily}"], undefined);
    ledger.declare("job", ["home"], (fire - hour) * 1000);
    record(ledger, fire, { job: "home", outcome: "failed", reason: "network" });
    assert.equal(look(nightly, ledger)["jobSuccessAge{job=home,rhythm=daily}"], fire - hour);
    record(ledger, fire + 60, { job: "home" });
    assert.equal(look(nightly, ledger)["jobSuccessAge{job=home,rhythm=daily}"], fire + 60);
  });

  it("tells how often it runs, so that a weekly one is not late on the second day", () => {
    const rhythms = {
      daily: { schedule: "30 */6 * * *" },
      weekly: { schedule: "0 3 * * 0" },
      monthly: { schedule: "0 4 1 * *" },
      laptop: { schedule: "0 2 * * *", staleness: "awake" },
      byHand: {},
      afterDaily: { after: ["daily"] },
      afterEither: { after: ["daily", "weekly"] },
    };
    const declared = Object.entries(rhythms).map(([job, own]) => [job, { ...own, steps }]);
    const ledger = emptyLedger();
    ledger.declare("job", Object.keys(rhythms), noon * 1000);
    const seen = Object.keys(look(configOf({ jobs: Object.fromEntries(declared) }), ledger));
    const told = seen.flatMap((name) => /^jobSuccessAge\{job=(\w+),rhythm=(\w+)/.exec(name)?.slice(1).join(" ") ?? []);
    assert.deepEqual(told, [
      "daily daily",
      "weekly rarer",
      "monthly rarer",
      "laptop awake",
      "byHand none",
      "afterDaily daily",
      "afterEither rarer",
    ]);
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

  it("makes a job without a schedule owe what the jobs owe that it comes after, and gives it their grace besides its own", () => {
    const config = configOf({
      jobs: {
        home: { schedule: "0 2 * * *", grace: "1h", steps },
        offsite: { after: ["home"], grace: "2h", steps },
        verify: { after: ["offsite"], grace: "30m", steps },
        own: { after: ["home"], schedule: "0 6 * * *", grace: "5m", steps },
      },
    });
    const ledger = emptyLedger();
    ledger.declare("job", Object.keys(config.jobs), (fire - hour) * 1000);
    const overdueAt = () => {
      const seen = look(config, ledger);
      return ["home", "offsite", "verify", "own"].map((job) => (seen[`jobOverdue{job=${job}}`] ?? 0) - fire);
    };
    assert.deepEqual(overdueAt(), [hour, 3 * hour, 3.5 * hour, 4 * hour + 300]);
    record(ledger, fire + 1800, { job: "offsite" });
    assert.deepEqual(overdueAt(), [hour, 27 * hour, 3.5 * hour, 4 * hour + 300], "each answers for itself");
    assert.equal(look(config, ledger)["jobNextRun{job=offsite}"], undefined, "nobody knows when the other one is done");
  });

  it("makes a job that never ran overdue whoever starts it", () => {
    for (const scheduler of ["systemd", "internal", "external"]) {
      const config = configOf({ jobs: { home: { schedule: "0 2 * * *", scheduler, steps } } });
      const ledger = emptyLedger();
      ledger.declare("job", ["home"], (fire - hour) * 1000);
      assert.equal(look(config, ledger)["jobOverdue{job=home}"], fire + hour, scheduler);
    }
  });

  it("keeps its answers only while they are true", () => {
    const ledger = emptyLedger();
    record(ledger, fire, { job: "home" });
    const nextAt = (now: number) => look(nightly, ledger, now)["jobNextRun{job=home}"];
    assert.deepEqual([nextAt(noon), nextAt(fire + 24 * hour - 1)], [fire + 24 * hour, fire + 24 * hour]);
    assert.equal(nextAt(fire + 24 * hour), fire + 48 * hour);
    assert.equal(nextAt(noon), fire + 24 * hour, "the clock was set back");
    record(ledger, fire + 24 * hour, { job: "home" });
    assert.equal(look(nightly, ledger, fire + 25 * hour)["jobOverdue{job=home}"], fire + 49 * hour);
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
