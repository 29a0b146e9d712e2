import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { collectors } from "../../src/collectors/index.ts";
import { reconcile } from "../../src/engine/reconcile.ts";
import { readState } from "../../src/engine/state.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";
import { configOf, runnerOf, runTestJob } from "./job.ts";

const noon = Date.UTC(2026, 10, 21, 12);
const hour = 3_600_000;
const echo = runnerOf("echo", async () => ({}));

/** Goes back by an hour each time that it is looked at. */
function clockThatGoesBack(): () => number {
  let time = noon;
  return () => {
    time -= hour;
    return time;
  };
}

describe("a clock that is set back", () => {
  it("while a run is under way makes neither the run nor a step end before it began", async () => {
    const config = configOf([{ uses: "test.echo" }, { uses: "test.echo" }]);
    const { run, steps, ledger } = await runTestJob(config, [echo], { services: { now: clockThatGoesBack() } });
    assert.equal(run.outcome, "success");
    for (const { startedAt, finishedAt } of [run, ...steps]) {
      assert.ok(startedAt !== null && finishedAt !== null && finishedAt >= startedAt, `${startedAt} to ${finishedAt}`);
    }
    const { samples } = readState(config, ledger, collectors, noon / 1000 - 24 * 3600);
    const durations = samples.filter(({ metric }) => metric === "backupDuration");
    assert.deepEqual(
      durations.map((sample) => sample.value),
      [0],
    );
  });

  it("between two runs costs neither of them", async () => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const config = configOf([{ uses: "test.echo" }]);
    await runTestJob(config, [echo], { ledger, services: { now: () => noon } });
    const { run } = await runTestJob(config, [echo], { ledger, services: { now: () => noon - 24 * hour } });
    assert.equal(run.outcome, "success");
    assert.deepEqual(
      ledger.runs({}).map(({ startedAt }) => startedAt),
      [noon, noon - 24 * hour],
    );
    assert.equal(ledger.jobStates()[0]?.lastRunId, run.id, "the last run is the one that ended last");
    assert.equal(ledger.totals().find(({ metric }) => metric === "jobRuns")?.value, 2);
  });

  it("after a run was killed does not make its end lie before its start", async () => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const holder = { ...ownIdentity(), startTicks: 1 };
    ledger.startRun({ id: "a", job: "test", trigger: "command", startedAt: noon, deadlineAt: null, holder, steps: [] });
    await reconcile(ledger, { now: () => noon - hour });
    assert.equal(ledger.run("a")?.finishedAt, noon);
  });
});
