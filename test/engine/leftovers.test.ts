import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { configuration } from "../../src/config/schema.ts";
import { removeLeftovers } from "../../src/engine/leftovers.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import type { Leftover, Runner, RunnerContext } from "../../src/runners/runner.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";
import { mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { configOf, runnerOf, runTestJob } from "./job.ts";

/** A job whose one step does what the test says, in a state directory of its own. */
function stage(t: TestContext) {
  const state = temporaryDirectory(t);
  const removed: Leftover[] = [];
  const run = (
    work: (context: RunnerContext) => Promise<unknown>,
    runner: Partial<Runner> = {},
    step = {},
    options: Parameters<typeof runTestJob>[2] = {},
  ) => {
    const worker = runnerOf("work", async (_options, context) => ({ message: String(await work(context)) }), {
      removeLeftover: async (what) => void removed.push(what),
      ...runner,
    });
    const config = configOf([{ uses: "test.work", ...step }]);
    return runTestJob({ ...config, state_directory: state }, [worker], options);
  };
  return { run, removed, scratch: join(state, "scratch") };
}

describe("what a step makes for a while", () => {
  it("has a private folder, journaled before it is there and gone when the step has ended", async (t) => {
    const { run, scratch } = stage(t);
    let made = "";
    const { run: ended, ledger } = await run(async (context) => {
      made = await context.scratch();
      assert.equal(statSync(made).mode & 0o777, 0o700);
      mkdirSync(join(made, "deep/er"), { recursive: true });
      writeFileSync(join(made, "deep/er/dump"), "x");
      chmodSync(join(made, "deep"), 0o500);
    });
    assert.equal(ended.outcome, "success", ended.message ?? "");
    assert.ok(made.startsWith(scratch));
    assert.deepEqual(readdirSync(scratch), []);
    assert.deepEqual(ledger.leftovers(), []);
  });

  it("may be several folders: where the step asks for it, else where the configuration says, else with the state", async (t) => {
    const [asked, configured] = [temporaryDirectory(t), temporaryDirectory(t)];
    const made: string[] = [];
    const work = runnerOf("work", async (_options, context) => {
      made.push(await context.scratch(), await context.scratch(), await context.scratch(asked));
      return {};
    });
    const config = { ...configOf([{ uses: "test.work" }]), scratch_directory: configured };
    const { run } = await runTestJob(config, [work]);
    assert.equal(run.outcome, "success", run.message ?? "");
    assert.deepEqual(made.map(dirname), [configured, configured, asked]);
    assert.deepEqual([...readdirSync(configured), ...readdirSync(asked)], []);
  });

  it("is removed in earnest, the youngest first, each once", async (t) => {
    const { run } = stage(t);
    const tried: unknown[] = [];
    const removeLeftover = async ({ name }: Leftover, { dryRun }: RunnerContext) => {
      tried.push(name);
      assert.equal(dryRun, false);
      if (name === "stuck") throw new StepError("network", "the server is down");
    };
    const work = async ({ leftover }: RunnerContext) => {
      for (const name of ["stuck", "second"]) leftover({ name });
      throw new StepError("network", "gone");
    };
    const { ledger } = await run(work, { removeLeftover }, { retries: { attempts: 2, delay: "0s" } });
    assert.deepEqual(tried, ["second", "stuck", "second", "stuck"]);

    tried.length = 0;
    const services = servicesOf(runnerOf("work", async () => ({}), { removeLeftover }));
    ledger.recordLeftover({ id: "z", runId: "gone", job: "test", uses: "test.work", what: { name: "youngest" } });
    await removeLeftovers(ledger, services);
    assert.deepEqual(tried, ["youngest", "stuck", "stuck"]);
  });

  it("waits for a better time when only folders are asked for: they cost no network", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const path = join(temporaryDirectory(t), "pantheros-20261121T085700Z-aaaa.1");
    mkdirSync(path);
    const of = { runId: "gone", job: "test" };
    ledger.recordLeftover({ ...of, id: "1", uses: "test.work", what: { upload: "a" } });
    ledger.recordLeftover({ ...of, id: "2", uses: "scratch", what: { path } });
    assert.deepEqual(await removeLeftovers(ledger, servicesOf(), "folders"), []);
    assert.equal(existsSync(path), false);
    assert.deepEqual(
      ledger.leftovers().map(({ id }) => id),
      ["1"],
    );
  });

  it("is in the journal, durably, before it is made", async (t) => {
    const { run, scratch } = stage(t);
    const ledger = openLedger(":memory:", { mode: "write" });
    const foldersThen: string[][] = [];
    const spied: typeof ledger = {
      ...ledger,
      recordLeftover: (leftover) => {
        foldersThen.push(existsSync(scratch) ? readdirSync(scratch) : []);
        ledger.recordLeftover(leftover);
      },
    };
    await run(async (context) => assert.ok(existsSync(await context.scratch())), {}, {}, { ledger: spied });
    assert.deepEqual(foldersThen, [[]]);
  });

  it("fails with what to do when its folder cannot be made", async (t) => {
    const { run, scratch } = stage(t);
    writeFileSync(scratch, "a file where the folder should be");
    const { run: ended, ledger } = await run(async (context) => await context.scratch());
    assert.equal(ended.reason, "source");
    assert.match(ended.message ?? "", /scratch_directory/);
    assert.deepEqual(ledger.leftovers(), []);
  });

  it("is removed after a failure too, before the next attempt begins", async (t) => {
    const { run, scratch, removed } = stage(t);
    const seen: number[] = [];
    const { run: ended } = await run(
      async (context) => {
        seen.push(existsSync(scratch) ? readdirSync(scratch).length : 0);
        await context.scratch();
        context.leftover({ database: `drill_${seen.length}` });
        throw new StepError("network", "gone");
      },
      {},
      { retries: { attempts: 2, delay: "0s" } },
    );
    assert.equal(ended.reason, "network");
    assert.deepEqual(seen, [0, 0]);
    assert.deepEqual(removed, [{ database: "drill_1" }, { database: "drill_2" }]);
    assert.deepEqual(readdirSync(scratch), []);
  });

  it("is not removed by its runner once it is settled", async (t) => {
    const { run, removed } = stage(t);
    const { ledger } = await run(async (context) => context.leftover({ upload: "a" }).settled());
    assert.deepEqual(removed, []);
    assert.deepEqual(ledger.leftovers(), []);
  });

  it("stays journaled when it cannot be removed, for the next reconciliation, and is told", async (t) => {
    const { run, removed } = stage(t);
    let reachable = false;
    const removeLeftover = async (what: Leftover) => {
      if (!reachable) throw new StepError("network", "the server is down");
      removed.push(what);
    };
    const work = runnerOf("work", async () => ({}), { removeLeftover });
    const notes: string[] = [];
    const { run: ended, ledger } = await run(
      async (context) => context.leftover({ upload: "a" }),
      { removeLeftover },
      {},
      { observer: { note: (text) => notes.push(text) } },
    );
    assert.equal(ended.outcome, "success");
    assert.match(notes.join(), /the server is down/);
    assert.deepEqual(
      ledger.leftovers().map(({ what }) => what),
      [{ upload: "a" }],
    );
    const services = servicesOf(work);
    assert.match((await removeLeftovers(ledger, services)).join(), /the server is down/);
    reachable = true;
    assert.deepEqual(await removeLeftovers(ledger, services), []);
    assert.deepEqual(removed, [{ upload: "a" }]);
    assert.deepEqual(ledger.leftovers(), []);
  });

  it("of a run that is alive is left alone; that of one whose process is gone is removed", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const path = join(temporaryDirectory(t), "pantheros-20261121T085700Z-aaaa.1");
    mkdirSync(path);
    const run = { job: "test", trigger: "command", startedAt: 1000, deadlineAt: null, steps: [] } as const;
    ledger.startRun({ ...run, id: "20261121T085700Z-aaaa", holder: ownIdentity() });
    ledger.recordLeftover({ id: "1", runId: "20261121T085700Z-aaaa", job: "test", uses: "scratch", what: { path } });
    await removeLeftovers(ledger, servicesOf());
    assert.ok(existsSync(path));
    const ended = { outcome: "failed", reason: "killed", message: null, increments: [] } as const;
    ledger.finishRun("20261121T085700Z-aaaa", { finishedAt: 2000, ...ended });
    await removeLeftovers(ledger, servicesOf());
    assert.equal(existsSync(path), false);
    assert.deepEqual(ledger.leftovers(), []);
  });

  it("is never a folder of somebody else, whatever the ledger says", async (t) => {
    const ledger = openLedger(":memory:", { mode: "write" });
    const path = join(temporaryDirectory(t), "home");
    mkdirSync(path);
    ledger.recordLeftover({ id: "1", runId: "gone", job: "test", uses: "scratch", what: { path } });
    assert.match((await removeLeftovers(ledger, servicesOf())).join(), /does not look like a scratch folder/);
    assert.ok(existsSync(path));
  });

  it("may be Btrfs subvolumes, read-only ones and nested ones too", needs("root", "btrfs"), async (t) => {
    const mountPoint = mountBtrfs(t);
    const { run } = stage(t);
    const btrfs = (...args: string[]) => execFileSync("btrfs", args, { stdio: "ignore" });
    const { run: ended } = await run(async (context) => {
      const folder = await context.scratch(mountPoint);
      btrfs("subvolume", "create", join(folder, "source"));
      writeFileSync(join(folder, "source/file"), "x");
      btrfs("subvolume", "create", join(folder, "source/inner"));
      btrfs("subvolume", "snapshot", "-r", join(folder, "source"), join(folder, "received"));
    });
    assert.equal(ended.outcome, "success", ended.message ?? "");
    assert.deepEqual(readdirSync(mountPoint), []);
  });
});

function servicesOf(...runners: Runner[]) {
  return {
    config: configuration.parse({ host: "testhost" }),
    environment: process.env,
    readSecret: () => assert.fail("no secrets here"),
    runnerFor: (uses: string) => runners.find((runner) => runner.uses === uses) ?? assert.fail(`no runner ${uses}`),
    now: Date.now,
  };
}
