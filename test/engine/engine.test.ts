import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type Collector, defineCollector } from "../../src/collectors/collector.ts";
import { configuration } from "../../src/config/schema.ts";
import { runEngine } from "../../src/engine/engine.ts";
import { type Ledger, LedgerError } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { readClock } from "../../src/tools/clock.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";

/** An engine with one collector, until the test ends. */
function startEngine(t: TestContext, look: Collector["collect"], options: { every?: number; ledger?: Ledger } = {}) {
  const ledger = options.ledger ?? openLedger(":memory:", { mode: "write" });
  const stop = new AbortController();
  const notes: string[] = [];
  const collector = defineCollector({
    name: "snapshots",
    summary: "Looks.",
    every: options.every ?? 3600,
    timeout: 5,
    collect: look,
  });
  const ended = runEngine({
    config: configuration.parse({ host: "testhost" }),
    ledger,
    collectors: [collector],
    environment: process.env,
    readSecret: () => assert.fail("no secrets here"),
    now: Date.now,
    readClock,
    signal: stop.signal,
    fallbackPath: join(temporaryDirectory(t), "none.sqlite"),
    startRun: () => assert.fail("nothing is scheduled"),
    runnerFor: () => assert.fail("nothing was left behind"),
    observer: {
      collected: () => undefined,
      reconciled: ({ run, reason }) => void notes.push(`${run.id} ${reason}`),
      tookIn: () => undefined,
      note: (message) => void notes.push(message),
    },
  });
  t.after(async () => {
    stop.abort();
    await ended;
  });
  return { ledger, notes, stop, ended };
}

describe("the engine", () => {
  it("ends soon after it is told to, whatever it waits for", async (t) => {
    const { stop, ended } = startEngine(t, async () => ({ samples: [] }));
    stop.abort();
    await ended;
  });

  it("looks at once, and gives runs whose process is gone their true end", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const holder = { ...ownIdentity(), startTicks: 1 };
    ledger.startRun({ id: "dead", job: "home", trigger: "command", startedAt: 1, deadlineAt: null, holder, steps: [] });
    const { notes } = startEngine(t, async () => ({ samples: [] }), { ledger });
    await eventually("the look", () => ledger.observations().length === 1);
    await eventually("the end", () => ledger.run("dead")?.reason === "killed");
    assert.deepEqual(notes, ["dead killed"]);
  });

  it("looks again soon after a run has ended, long before its interval is over", async (t) => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      return { samples: [] };
    };
    const { ledger } = startEngine(t, look, { every: 20 });
    await eventually("the first look", () => looks === 1);
    const holder = ownIdentity();
    ledger.startRun({ id: "a", job: "home", trigger: "command", startedAt: 1, deadlineAt: null, holder, steps: [] });
    ledger.finishRun("a", { finishedAt: Date.now(), outcome: "success", reason: null, message: null, increments: [] });
    await eventually("another look", () => looks === 2, { seconds: 10 });
  });

  it("survives a ledger that cannot be written for a while, says so, and counts what was lost", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    let failures = 2;
    const flaky: Ledger = {
      ...ledger,
      saveObservation: (observation) => {
        if (failures > 0) {
          failures -= 1;
          throw new LedgerError("full", "the disk is full", "make room");
        }
        ledger.saveObservation(observation);
      },
    };
    const { notes } = startEngine(t, async () => ({ samples: [] }), { every: 0.05, ledger: flaky });
    await eventually("the observation", () => ledger.observations().length === 1);
    await eventually(
      "the count",
      () => ledger.totals().find(({ metric }) => metric === "ledgerWriteErrors")?.value === 2,
    );
    assert.equal(notes[0], "the disk is full – make room");
  });
});
