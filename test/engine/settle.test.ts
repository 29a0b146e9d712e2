import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configuration } from "../../src/config/schema.ts";
import { settle } from "../../src/engine/settle.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { loadRunner } from "../../src/runners/index.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";
import { temporaryDirectory } from "../support/directory.ts";

const holder = { ...ownIdentity(), startTicks: 1 };
const start = { job: "test", trigger: "command", startedAt: 1000, deadlineAt: null, holder, steps: [] } as const;

const removal = {
  config: configuration.parse({ host: "testhost" }),
  environment: process.env,
  readSecret: () => assert.fail("no secrets here"),
  runnerFor: loadRunner,
  now: Date.now,
};

describe("settling", () => {
  it("gives dead runs their end also when what was kept aside is damaged, and says that it is", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    ledger.startRun({ ...start, id: "a" });
    const fallback = join(temporaryDirectory(t), "fallback.sqlite");
    writeFileSync(fallback, "this is no database".repeat(1000));
    const { tookIn, reconciled, problem } = await settle(ledger, fallback, { now: Date.now, removal });
    assert.deepEqual([tookIn.length, reconciled.length, problem?.problem], [0, 1, "corrupt"]);
    assert.deepEqual(ledger.unfinishedRuns(), []);
  });

  it("leaves no file where nothing was kept aside", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const path = join(temporaryDirectory(t), "fallback.sqlite");
    assert.equal((await settle(ledger, path, { now: Date.now, removal })).problem, null);
    assert.equal(existsSync(path), false);
  });

  it("removes what dead runs that were kept aside have left behind; a living one keeps its own", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const directory = temporaryDirectory(t);
    const path = join(directory, "fallback.sqlite");
    const fallback = openLedger(path, { mode: "write" });
    const made = {
      dead: join(directory, "pantheros-20261121T085700Z-dead.1"),
      alive: join(directory, "pantheros-20261121T085700Z-alive.1"),
    };
    for (const id of ["dead", "alive"] as const) {
      mkdirSync(made[id]);
      fallback.startRun({ ...start, id, job: id, holder: id === "dead" ? holder : ownIdentity() });
      fallback.recordLeftover({ id: `${id}/1`, runId: id, job: id, uses: "scratch", what: { path: made[id] } });
    }
    fallback.close();

    assert.deepEqual((await settle(ledger, path, { now: Date.now, removal })).left, []);
    assert.deepEqual([existsSync(made.dead), existsSync(made.alive)], [false, true]);
    assert.deepEqual(ledger.leftovers(), []);
    const left = openLedger(path, { mode: "write" });
    assert.deepEqual(
      left.leftovers().map(({ runId }) => runId),
      ["alive"],
    );
    left.close();
  });

  it("takes a run's end from what was kept aside before it looks for dead runs", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    ledger.startRun({ ...start, id: "a" });
    const path = join(temporaryDirectory(t), "fallback.sqlite");
    const fallback = openLedger(path, { mode: "write" });
    fallback.startRun({ ...start, id: "a" });
    fallback.finishRun("a", { finishedAt: 2000, outcome: "success", reason: null, message: null, increments: [] });
    fallback.close();
    const { tookIn, reconciled, problem } = await settle(ledger, path, { now: Date.now, removal });
    assert.deepEqual([tookIn.length, reconciled.length, problem], [1, 0, null]);
    assert.equal(ledger.run("a")?.outcome, "success");
  });
});
