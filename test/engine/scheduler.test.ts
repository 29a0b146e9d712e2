import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { configuration } from "../../src/config/schema.ts";
import { startScheduler } from "../../src/engine/scheduler.ts";
import { LedgerError } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import type { Reason } from "../../src/model/run/outcome.ts";
import type { RunTrigger } from "../../src/model/run/run.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";

const noon = Date.UTC(2026, 10, 21, 12);
const minute = 60_000;
const day = 24 * 60 * minute;
const scheduled = { scheduler: "internal", schedule: "30 12 * * *", timezone: "UTC" };

/** A scheduler whose clock the test moves. */
function stage(
  t: TestContext,
  options: { readonly job?: object; readonly declaredAt?: number | null; readonly fault?: () => Error | null } = {},
) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const steps = [{ uses: "command", argv: ["true"] }];
  const config = configuration.parse({ host: "testhost", jobs: { nightly: { ...scheduled, ...options.job, steps } } });
  const ledger = openLedger(":memory:", { mode: "write" });
  const { declaredAt = noon, fault = () => null } = options;
  if (declaredAt !== null) ledger.declare("job", ["nightly"], declaredAt);
  const jobStates = () => {
    const error = fault();
    if (error !== null) throw error;
    return ledger.jobStates();
  };
  let now = noon;
  const started: number[] = [];
  const stop = startScheduler(config, { ...ledger, jobStates }, () => started.push(now), { now: () => now });
  t.after(stop);
  return {
    started,
    stop,
    /** A run of the job that began at a moment, as another process journals it. */
    journal: (startedAt: number, run: { trigger?: RunTrigger; reason?: Reason } = {}) => {
      const start = {
        id: `run-${startedAt}`,
        job: "nightly",
        trigger: run.trigger ?? "command",
        deadlineAt: null,
        steps: [],
      } as const;
      const { reason = null } = run;
      const outcome = reason === null ? "success" : "failed";
      const end = { finishedAt: startedAt, outcome, reason, message: null, increments: [] } as const;
      ledger.recordFinishedRun({ ...start, startedAt, holder: ownIdentity() }, end);
    },
    /** Lets the clock show a time and the scheduler look at it. */
    at: (time: number) => {
      now = time;
      t.mock.timers.tick(15_000);
    },
  };
}

describe("the internal scheduler", () => {
  it("makes up, once, for a scheduled run that ended with the engine before it", (t) => {
    const { started, at, journal } = stage(t);
    journal(noon + 30 * minute, { trigger: "schedule", reason: "cancelled" });
    at(noon + 32 * minute);
    at(noon + 33 * minute);
    assert.deepEqual(started, [noon + 32 * minute]);
  });

  it("does not repeat a run that failed by itself, or that a person stopped", (t) => {
    for (const run of [
      { trigger: "schedule", reason: "network" },
      { trigger: "command", reason: "cancelled" },
    ] as const) {
      const { started, at, journal, stop } = stage(t);
      journal(noon + 30 * minute, run);
      at(noon + 32 * minute);
      assert.deepEqual(started, []);
      stop();
      t.mock.timers.reset();
    }
  });

  it("starts a job when its time has come, once", (t) => {
    const { started, at } = stage(t);
    at(noon + 29 * minute);
    assert.deepEqual(started, []);
    at(noon + 30 * minute);
    at(noon + 31 * minute);
    assert.deepEqual(started, [noon + 30 * minute]);
    at(noon + day + 30 * minute);
    assert.equal(started.length, 2);
  });

  it("catches up once what was missed while it was down or asleep", (t) => {
    const { started, at } = stage(t, { declaredAt: noon - 10 * day });
    assert.deepEqual(started, [noon], "at its own start");
    at(noon + 5 * day);
    at(noon + 5 * day + minute);
    assert.deepEqual(started, [noon, noon + 5 * day]);
  });

  it("takes a run that a person started after the scheduled time for the scheduled one", (t) => {
    const { started, at, journal } = stage(t);
    journal(noon + 30 * minute + 1);
    at(noon + 31 * minute);
    assert.deepEqual(started, []);
  });

  it("owes nothing for a time before the job was declared", (t) => {
    const { started } = stage(t, { declaredAt: noon });
    assert.deepEqual(started, []);
  });

  it("owes nothing to a job that is not declared yet", (t) => {
    const { started, at } = stage(t, { declaredAt: null });
    at(noon + 29 * minute);
    assert.deepEqual(started, []);
  });

  it("starts what is due as soon as the ledger can be read again; any other error is one", (t) => {
    let fault: Error | null = null;
    const { started, at } = stage(t, { fault: () => fault });
    fault = new LedgerError("busy", "somebody else writes", "wait");
    at(noon + 30 * minute);
    assert.deepEqual(started, []);
    fault = new TypeError("x is undefined");
    assert.throws(() => at(noon + 31 * minute), TypeError);
    fault = null;
    at(noon + 32 * minute);
    assert.deepEqual(started, [noon + 32 * minute]);
  });

  it("goes on after the clock was years ahead for a while", (t) => {
    const { started, at, journal } = stage(t);
    journal(noon + 2000 * day);
    at(noon + 30 * minute);
    at(noon + 31 * minute);
    assert.deepEqual(started, [noon + 30 * minute]);
  });

  it("does not start a job twice when the clock is corrected by seconds", (t) => {
    const { started, at, journal } = stage(t, { declaredAt: noon - 10 * day });
    at(noon + 30 * minute + 1000);
    journal(noon + 30 * minute + 1000);
    at(noon + 30 * minute - 1000);
    at(noon + 30 * minute + 2000);
    assert.deepEqual(started, [noon, noon + 30 * minute + 1000]);
  });

  it("leaves alone what systemd or somebody else starts, and what has no schedule", (t) => {
    for (const job of [{ scheduler: "systemd" }, { scheduler: "external" }, { schedule: undefined }]) {
      const { started, at, stop } = stage(t, { job });
      at(noon + day);
      stop();
      t.mock.timers.reset();
      assert.deepEqual(started, []);
    }
  });

  it("starts nothing after it was stopped", (t) => {
    const { started, at, stop } = stage(t);
    stop();
    at(noon + day);
    assert.deepEqual(started, []);
  });
});
