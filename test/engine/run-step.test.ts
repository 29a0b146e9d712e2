import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";
import { stepFinish } from "../contract/ledger-samples.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { configOf, runnerOf, runTestJob } from "./job.ts";

const echo = runnerOf("echo", async () => ({}));
const refuses = runnerOf(
  "refuses",
  async () => {
    throw new StepError("auth", "still no key");
  },
  {
    check: async () => {
      throw new StepError("auth", "there is no key");
    },
  },
);

describe("the steps of a run", () => {
  it("are told when they begin and when they end, also those that are refused before anything is executed", async () => {
    const told: string[] = [];
    const observer = {
      stepStarted: ({ uses }: { uses: string }) => told.push(`${uses} begins`),
      stepFinished: ({ uses, outcome }: { uses: string; outcome: unknown }) => told.push(`${uses}: ${outcome}`),
    };
    await runTestJob(configOf([{ uses: "test.echo" }, { uses: "test.echo" }]), [echo], { observer });
    assert.deepEqual(told, ["test.echo begins", "test.echo: success", "test.echo begins", "test.echo: success"]);

    told.length = 0;
    const config = configOf([{ uses: "test.echo" }, { uses: "test.refuses" }]);
    const { steps } = await runTestJob(config, [echo, refuses], { observer });
    assert.deepEqual(told, ["test.refuses begins", "test.refuses: failed"]);
    assert.deepEqual([steps[1]?.startedAt !== null, steps[1]?.attempts], [true, 0]);
  });

  it("are executed also when an optional one says beforehand that it cannot work: it fails in its turn", async () => {
    const config = configOf([{ uses: "test.refuses", optional: true }, { uses: "test.echo" }]);
    const { run, steps } = await runTestJob(config, [echo, refuses]);
    assert.equal(run.outcome, "partial");
    assert.deepEqual(
      steps.map(({ outcome, message }) => [outcome, message]),
      [
        ["failed", "still no key"],
        ["success", null],
      ],
    );
  });

  it("remove nothing while jobs are left out for their mistakes: what they need is not known", async () => {
    const prunes = runnerOf("prunes", async () => ({}), { kind: "prune" });
    const config = configOf([{ uses: "test.prunes" }, { uses: "test.echo" }]);
    const outcomes = async (leftOut: readonly string[]) => {
      const { steps } = await runTestJob(config, [prunes, echo], { leftOut });
      return steps.map(({ outcome, message }) => [outcome, message?.includes("mistakes in other")]);
    };
    assert.deepEqual(await outcomes(["other"]), [
      ["skipped", true],
      ["success", undefined],
    ]);
    assert.deepEqual(await outcomes([]), [
      ["success", undefined],
      ["success", undefined],
    ]);
  });

  it("end with the run that was told to stop, whatever became of the one that was under way", async () => {
    for (const fails of [true, false]) {
      const stop = new AbortController();
      const stopped = runnerOf("stopped", async () => {
        stop.abort(new StepError("cancelled", "asked to stop"));
        if (fails) throw new StepError("network", "gone");
        return {};
      });
      for (const following of [[], [{ uses: "test.echo" }]]) {
        if (!fails && following.length === 0) continue;
        const config = configOf([{ uses: "test.stopped", optional: true }, ...following]);
        const { run, steps } = await runTestJob(config, [stopped, echo], { signal: stop.signal });
        assert.equal(run.outcome, "failed");
        assert.equal(steps[1]?.startedAt ?? null, null);
      }
    }
  });

  it("are told what other living runs read and have made, and not what they do themselves", async () => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const step = { position: 0, id: "s", uses: "u", kind: "snapshot", target: null, optional: false } as const;
    const start = { trigger: "command", startedAt: 1, deadlineAt: null, holder: ownIdentity(), steps: [step] } as const;
    ledger.startRun({ ...start, id: "other", job: "other" });
    ledger.startStep("other", 0, 1, ["/read"]);
    ledger.finishStep("other", 0, 1, stepFinish({ evidence: { path: "/made", size: 7 } }));
    let told: readonly string[] = [];
    const asks = runnerOf("asks", async (_options, { pathsInUse }) => {
      told = pathsInUse();
      return {};
    });
    await runTestJob(configOf([{ uses: "test.asks", text: "/own" }]), [asks], { ledger });
    assert.deepEqual(told, ["/read", "/made"]);
  });

  it("keep what their work says, and the last 20 lines of its output", async () => {
    const lines = Array.from({ length: 25 }, (_, index) => `line ${index}`);
    const says = runnerOf("says", async () => ({ message: "well done", tail: `${lines.join("\n")}\n` }));
    const { steps } = await runTestJob(configOf([{ uses: "test.says" }]), [says]);
    assert.deepEqual([steps[0]?.message, steps[0]?.tail], ["well done", lines.slice(5).join("\n")]);
  });

  it("have their programs in the ledger as long as they run, without what is secret", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const recorded = join(temporaryDirectory(t), "recorded");
    const commands: string[] = [];
    const recordChild: typeof ledger.recordChild = (child) => {
      ledger.recordChild(child);
      commands.push(...ledger.children().map(({ command }) => command));
      writeFileSync(recorded, "");
    };
    const calls = runnerOf("calls", async (_options, { execute, readSecret }) => {
      readSecret({ environment: "X" });
      const waits = `until test -e ${recorded}; do sleep 0.01; done`;
      await execute({ argv: ["sh", "-c", waits, "hunter2hunter2"] });
      return {};
    });
    const { run } = await runTestJob(configOf([{ uses: "test.calls", timeout: "30s" } as never]), [calls], {
      ledger: { ...ledger, recordChild },
      services: { readSecret: () => new Secret("hunter2hunter2", "test") },
    });
    assert.equal(run.outcome, "success", run.message ?? "");
    assert.match(commands.join(), /^sh -c .*done \[redacted\]$/);
    assert.deepEqual(ledger.children(), []);
  });
});
