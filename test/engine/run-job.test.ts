import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { heartbeat } from "../../src/engine/presence.ts";
import type { RunStart } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";
import { configOf, runnerOf, runTestJob } from "./job.ts";

const echo = runnerOf("echo", async () => ({}));
const fails = runnerOf("fails", async () => {
  throw new StepError("network", "nobody answers", { advice: "plug it in", exitCode: 7, tail: "line 1\nline 2" });
});

const lockHolder: Omit<RunStart, "id"> = {
  job: "test",
  trigger: "command",
  startedAt: 1,
  deadlineAt: null,
  holder: ownIdentity(),
  steps: [],
};

describe("a run", () => {
  it("succeeds when all its steps do, and keeps what they left behind", async () => {
    const { run, steps } = await runTestJob(configOf([{ uses: "test.echo", text: "hello" }]), [echo]);
    assert.equal(run.outcome, "success");
    assert.equal(run.reason, null);
    assert.ok(run.finishedAt !== null && run.finishedAt >= run.startedAt);
    assert.deepEqual(steps[0]?.evidence, { said: "hello" });
  });

  it("hands a step what earlier steps left behind", async () => {
    const config = configOf([
      { id: "first", uses: "test.echo", text: "from ${host}" },
      { id: "second", uses: "test.echo", text: "${first.said}, ${run.job}" },
    ]);
    const { steps } = await runTestJob(config, [echo]);
    assert.deepEqual(steps[1]?.evidence, { said: "from testhost, test" });
  });

  it("takes options for what they were when the configuration was checked, but for those that hold references", async () => {
    const seen: string[] = [];
    const say = runnerOf(
      "say",
      async ({ text }) => {
        seen.push(text);
        return {};
      },
      { check: async ({ text }: { text?: string }) => void seen.push(`check ${text}`) },
    );
    const uses = "test.say";
    const steps = [
      { uses, text: "written" },
      { id: "second", uses, text: "to ${host}" },
      { uses, text: "never checked" },
    ];
    const checkedSteps = new Map([
      [
        "test",
        [
          { position: 0, id: "step_1", uses, options: {}, planned: { text: "checked" } },
          { position: 1, id: "second", uses, options: {}, planned: { text: "plausible" } },
        ],
      ],
    ]);
    const { run } = await runTestJob(configOf(steps), [say], { checkedSteps });
    assert.equal(run.outcome, "success");
    assert.deepEqual(seen, [
      ...["check checked", "check to ${host}", "check never checked"],
      ...["checked", "to testhost", "never checked"],
    ]);
  });

  it("ends at the first step that fails, with its reason, next step and output", async () => {
    const config = configOf([{ uses: "test.fails" }, { uses: "test.echo" }]);
    const { run, steps } = await runTestJob(config, [echo, fails]);
    assert.equal(run.outcome, "failed");
    assert.equal(run.reason, "network");
    assert.equal(run.message, "nobody answers – plug it in");
    assert.deepEqual(
      steps.map(({ outcome, exitCode, tail, startedAt }) => [outcome, exitCode, tail, startedAt !== null]),
      [
        ["failed", 7, "line 1\nline 2", true],
        [null, null, null, false],
      ],
    );
  });

  it("may have limits that are longer than a timer can count", async () => {
    const config = configOf([{ uses: "test.brief", timeout: "60d" } as never], { deadline: "90d" });
    const brief = runnerOf("brief", async (_options, { signal }) => {
      await delay(20, undefined, { signal });
      return {};
    });
    const { run } = await runTestJob(config, [brief]);
    assert.deepEqual([run.outcome, run.message], ["success", null]);
  });

  it("is partial when an optional step fails, and goes on", async () => {
    const config = configOf([{ uses: "test.fails", optional: true }, { uses: "test.echo" }]);
    const { run, steps } = await runTestJob(config, [echo, fails]);
    assert.deepEqual([run.outcome, run.reason], ["partial", "network"]);
    assert.equal(steps[1]?.outcome, "success");
  });

  it("is partial when an optional step refers to what an optional step before it did not leave", async () => {
    const config = configOf([
      { id: "first", uses: "test.fails", optional: true },
      { uses: "test.echo", text: "${first.said}", optional: true },
      { uses: "test.echo" },
    ]);
    const { run, steps } = await runTestJob(config, [echo, fails]);
    assert.equal(run.outcome, "partial");
    assert.deepEqual(
      steps.map(({ outcome, reason }) => [outcome, reason]),
      [
        ["failed", "network"],
        ["failed", "source"],
        ["success", null],
      ],
    );
  });

  it("is failed/unknown when a runner throws what nobody foresaw", async () => {
    const broken = runnerOf("broken", async () => {
      throw new TypeError("x is undefined");
    });
    const { run } = await runTestJob(configOf([{ uses: "test.broken" }]), [broken]);
    assert.deepEqual([run.outcome, run.reason, run.message], ["failed", "unknown", "x is undefined"]);
  });

  it("executes nothing when any step says beforehand that it cannot work", async () => {
    let executed = 0;
    const counts = runnerOf("counts", async () => {
      executed += 1;
      return {};
    });
    const refuses = runnerOf("refuses", async () => ({}), {
      check: async () => {
        throw new StepError("auth", "B2_KEY_ID is missing");
      },
    });
    const { run, steps } = await runTestJob(configOf([{ uses: "test.counts" }, { uses: "test.refuses" }]), [
      counts,
      refuses,
    ]);
    assert.equal(executed, 0);
    assert.deepEqual([run.outcome, run.reason, run.message], ["failed", "auth", "B2_KEY_ID is missing"]);
    assert.deepEqual(
      steps.map(({ outcome }) => outcome),
      [null, "failed"],
    );
  });

  it("is journaled as started, with its lock, before the first step is executed", async () => {
    const ledger = openLedger(":memory:", { mode: "write" });
    let seen: unknown = null;
    const looks = runnerOf("looks", async () => {
      seen = ledger.unfinishedRuns().map(({ job, outcome }) => ({ job, outcome }));
      return {};
    });
    await runTestJob(configOf([{ uses: "test.looks" }]), [looks], { ledger });
    assert.deepEqual(seen, [{ job: "test", outcome: null }]);
    assert.deepEqual(ledger.unfinishedRuns(), []);
  });

  it("is skipped, naming the holder, while another run of the job is alive", async () => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const config = configOf([{ uses: "test.echo" }]);
    ledger.startRun({ ...lockHolder, id: "first" });
    const { run, lockedBy } = await runTestJob(config, [echo], { ledger });
    assert.deepEqual([run.outcome, run.reason], ["skipped", "locked"]);
    assert.equal(lockedBy?.id, "first");
    assert.match(run.message ?? "", new RegExp(`run first \\(process ${process.pid}`));
    assert.equal(ledger.jobStates().find(({ job }) => job === "test")?.lastSuccessAt ?? null, null);
  });

  it("fails with timeout at its deadline", async () => {
    const config = { ...configOf([{ uses: "test.waits" }]) };
    const job = config.jobs["test"];
    assert.ok(job);
    const { run } = await runTestJob({ ...config, jobs: { test: { ...job, deadline: 0.05 } } }, [waits]);
    assert.deepEqual([run.outcome, run.reason], ["failed", "timeout"]);
    assert.match(run.message ?? "", /deadline of .* – raise jobs\.test\.deadline/);
  });

  it("fails with timeout when a step reaches its own", async () => {
    const config = configOf([{ uses: "test.waits", timeout: "50ms" } as never]);
    const { run, steps } = await runTestJob(config, [waits]);
    assert.deepEqual([run.outcome, run.reason, steps[0]?.reason], ["failed", "timeout", "timeout"]);
  });

  it("fails with cancelled when it is asked to stop, also in an optional step", async () => {
    const stop = new AbortController();
    const config = configOf([{ uses: "test.waits", optional: true }, { uses: "test.echo" }]);
    const observer = {
      stepStarted: () => void setImmediate(() => stop.abort(new StepError("cancelled", "asked to stop"))),
    };
    const { run, steps } = await runTestJob(config, [waits, echo], { signal: stop.signal, observer });
    assert.deepEqual([run.outcome, run.reason], ["failed", "cancelled"]);
    assert.equal(steps[1]?.outcome, null);
  });

  it("that is asked to stop before its first step says why, and executes nothing", async () => {
    const signal = AbortSignal.abort(new StepError("cancelled", "asked to stop"));
    const { run, steps } = await runTestJob(configOf([{ uses: "test.echo" }]), [echo], { signal });
    assert.deepEqual([run.outcome, run.reason, run.message], ["failed", "cancelled", "asked to stop"]);
    assert.equal(steps[0]?.startedAt, null);
  });

  it("is told from its start on, with the moment at which it must have ended", async () => {
    const told: unknown[] = [];
    const observer = { started: (started: object) => told.push(started) };
    const config = configOf([{ uses: "test.echo" }], { deadline: "1h" });
    const { run } = await runTestJob(config, [echo], { observer });
    assert.equal(run.deadlineAt, run.startedAt + 3_600_000);
    const steps = [
      { position: 0, id: "step_1", uses: "test.echo", kind: "other", target: "somewhere", optional: false },
    ];
    assert.deepEqual(told, [{ id: run.id, job: "test", steps }]);
  });

  it("says with each heartbeat that it lives and how far it is, until it ends", async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const ledger = openLedger(":memory:", { mode: "write" });
    const beats: (number | null)[] = [];
    const heard: typeof ledger = { ...ledger, markSeen: (_run, _at, ratio) => void beats.push(ratio) };
    const shown: unknown[] = [];
    const observer = { stepProgress: (_step: unknown, { ratio }: { ratio?: number }) => shown.push(ratio) };
    const works = runnerOf("works", async (_options, { progress }) => {
      progress({ ratio: 0.25 });
      t.mock.timers.tick(heartbeat);
      progress({});
      t.mock.timers.tick(heartbeat);
      return {};
    });
    await runTestJob(configOf([{ uses: "test.works" }]), [works], { ledger: heard, observer });
    t.mock.timers.tick(heartbeat);
    assert.deepEqual(beats, [0.25, null]);
    assert.deepEqual(shown, [0.25, undefined]);
  });

  it("that nobody has configured is an error of who asks", async () => {
    const config = { ...configOf([{ uses: "test.echo" }]), jobs: {} };
    await assert.rejects(runTestJob(config, []), { reason: "config" });
  });

  it("keeps secrets out of messages, output and notes", async () => {
    const told: string[] = [];
    const leaks = runnerOf("leaks", async (_options, { readSecret, log }) => {
      const secret = readSecret({ environment: "X" });
      log(`using ${secret.reveal()}`);
      throw new StepError("auth", `wrong ${secret.reveal()}`, { tail: `said ${secret.reveal()}` });
    });
    const { run, steps } = await runTestJob(configOf([{ uses: "test.leaks" }]), [leaks], {
      observer: { note: (message) => void told.push(message) },
      services: { readSecret: () => new Secret("hunter2hunter2", "test") },
    });
    assert.doesNotMatch(JSON.stringify([run, steps, told]), /hunter2/);
    assert.match(steps[0]?.tail ?? "", /said \[redacted\]/);
  });

  it("counts what it did in totals that survive it", async () => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const backs = runnerOf("backs", async () => ({ bytes: 10 }), { kind: "backup" });
    const config = configOf([{ uses: "test.backs" }]);
    await runTestJob(config, [backs], { ledger });
    await runTestJob(config, [backs], { ledger });
    ledger.startRun({ ...lockHolder, id: "first" });
    await runTestJob(config, [backs], { ledger });
    const job = "test";
    assert.deepEqual(ledger.totals(), [
      { metric: "backupCompleted", labels: { job, target: "somewhere" }, value: 2 },
      { metric: "jobRuns", labels: { job, outcome: "skipped", reason: "locked" }, value: 1 },
      { metric: "jobRuns", labels: { job, outcome: "success", reason: "none" }, value: 2 },
    ]);
  });

  it("marks every program that it starts, and hands it nothing of its own environment", async () => {
    let output = "";
    const prints = runnerOf("prints", async (_options, { execute }) => {
      output = (await execute({ argv: ["env"] })).stdout;
      return {};
    });
    const environment = { ...process.env, SOME_SECRET: "hunter2" };
    const { run } = await runTestJob(configOf([{ uses: "test.prints" }]), [prints], { services: { environment } });
    const names = output
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    assert.deepEqual(names.sort(), ["HOME", "LC_ALL", "PANTHEROS_RUN", "PATH", "TZ"]);
    assert.ok(output.includes(`PANTHEROS_RUN=${run.id}\n`));
  });

  it("records the paths that a step reads, so that nobody removes them under it", async () => {
    const ledger = openLedger(":memory:", { mode: "write" });
    let inputs: unknown = null;
    const reads = runnerOf("reads", async (_options, { runId }) => {
      inputs = ledger.steps(runId)[0]?.inputs;
      return {};
    });
    await runTestJob(configOf([{ uses: "test.reads", text: "/data/snapshot.1" }]), [reads], { ledger });
    assert.deepEqual(inputs, ["/data/snapshot.1"]);
  });
});

const waits = runnerOf("waits", async (_options, { signal }) => {
  await delay(60_000, undefined, { signal }).catch(() => {
    throw signal.reason;
  });
  return {};
});
