import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { takeInFallback } from "../../src/engine/fallback.ts";
import { openJournal } from "../../src/engine/journal.ts";
import { type Ledger, LedgerError } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";
import { configOf, runnerOf, runTestJob } from "./job.ts";

const memory = () => openLedger(":memory:", { mode: "write" });
const full = new LedgerError("full", "no space is left", "make room");

/** A ledger whose writes begin to fail at a certain one. */
function failingFrom(write: number, ledger = memory()): Ledger {
  let writes = 0;
  const names = ["startRun", "startStep", "finishStep", "finishRun"] as const;
  const guarded = names.map((name) => [
    name,
    (...args: never[]) => {
      writes += 1;
      if (writes >= write) throw full;
      return (ledger[name] as (...given: never[]) => unknown)(...args);
    },
  ]);
  return { ...ledger, ...Object.fromEntries(guarded) };
}

describe("a journal", () => {
  for (const [write, when] of [
    [1, "at the start"],
    [2, "before the first step"],
    [3, "after the first step"],
    [6, "at the end"],
  ] as const) {
    it(`keeps the whole run when the ledger fails ${when}`, async () => {
      const fallback = memory();
      const problems: string[] = [];
      const journal = openJournal(
        [() => failingFrom(write), () => fallback],
        ({ problem }) => void problems.push(problem),
      );
      const echo = runnerOf("echo", async () => ({}));
      const config = configOf([
        { uses: "test.echo", text: "one" },
        { uses: "test.echo", text: "two" },
      ]);
      const report = await runTestJob(config, [echo], { services: { journal } });

      assert.equal(report.run.outcome, "success");
      assert.equal(report.unjournaled?.problem, "full");
      assert.deepEqual(problems, ["full"]);
      const kept = fallback.run(report.run.id);
      assert.equal(kept?.outcome, "success");
      assert.deepEqual(
        fallback.steps(report.run.id).map(({ outcome, evidence }) => [outcome, evidence]),
        [
          ["success", { said: "one" }],
          ["success", { said: "two" }],
        ],
      );
    });
  }

  it("goes to the next ledger when one cannot even be opened", () => {
    const fallback = memory();
    const cannot = () => {
      throw full;
    };
    assert.equal(openJournal([cannot, () => fallback], () => undefined).ledger, fallback);
  });

  it("leaves a ledger that can no longer be read, with all that the run has written", () => {
    const steps = () => {
      throw new LedgerError("corrupt", "it is damaged", "move it aside");
    };
    const fallback = memory();
    const journal = openJournal([() => ({ ...memory(), steps }), () => fallback], () => undefined);
    const start = { id: "a", job: "test", trigger: "command", startedAt: 1, deadlineAt: null, steps: [] } as const;
    journal.write((ledger) => ledger.startRun({ ...start, holder: ownIdentity() }));
    assert.deepEqual(
      journal.read((ledger) => ledger.steps("a")),
      [],
    );
    assert.equal(journal.problem?.problem, "corrupt");
    assert.equal(fallback.run("a")?.job, "test");
  });

  it("does not take another error for a broken ledger", () => {
    const journal = openJournal([memory, memory], () => undefined);
    assert.throws(
      () =>
        journal.write(() => {
          throw new TypeError("a bug");
        }),
      TypeError,
    );
    assert.equal(journal.problem, null);
  });

  it("forgets a heartbeat that cannot be written rather than leave the ledger for it", () => {
    const journal = openJournal([memory, memory], () => undefined);
    journal.note(() => {
      throw full;
    });
    assert.equal(journal.problem, null);
  });
});

describe("taking in what was kept aside", () => {
  const start = (id: string, startedAt: number) =>
    ({ id, job: "test", trigger: "command", startedAt, deadlineAt: null, holder: ownIdentity(), steps: [] }) as const;
  const success = (finishedAt: number) =>
    ({ finishedAt, outcome: "success", reason: null, message: null, increments: [] }) as const;

  it("adds finished runs once, marked as unjournaled, and counts them", async () => {
    const [ledger, fallback] = [memory(), memory()];
    fallback.startRun(start("a", 1000));
    fallback.finishRun("a", success(2000));

    const first = await takeInFallback(ledger, fallback, { now: Date.now });
    const second = await takeInFallback(ledger, fallback, { now: Date.now });

    assert.deepEqual([first.length, second.length], [1, 0]);
    assert.equal(ledger.run("a")?.journaled, false);
    assert.equal(ledger.totals().find(({ metric }) => metric === "jobUnjournaled")?.value, 1);
    assert.equal(ledger.jobStates()[0]?.lastSuccessAt, 2000);
  });

  it("replaces the start that the ledger knows by the true end, not by killed", async () => {
    const [ledger, fallback] = [memory(), memory()];
    ledger.startRun(start("a", 1000));
    fallback.startRun(start("a", 1000));
    fallback.finishRun("a", success(2000));
    await takeInFallback(ledger, fallback, { now: Date.now });
    assert.equal(ledger.run("a")?.outcome, "success");
    assert.deepEqual(ledger.unfinishedRuns(), []);
    assert.equal(ledger.startRun(start("b", 3000)).lockedBy, null);
  });

  it("leaves alone a run that is still alive there", async () => {
    const [ledger, fallback] = [memory(), memory()];
    fallback.startRun(start("a", 1000));
    assert.deepEqual(await takeInFallback(ledger, fallback, { now: Date.now }), []);
    assert.equal(fallback.unfinishedRuns().length, 1);
  });
});
