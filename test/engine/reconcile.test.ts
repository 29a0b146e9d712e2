import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { type ReconcileOptions, reconcile } from "../../src/engine/reconcile.ts";
import type { RunStart } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import type { ProcessIdentity, StepPlan } from "../../src/model/run/run.ts";
import { bootId, identityOf, ownIdentity } from "../../src/tools/process/process.ts";
import { isAlive } from "../support/process.ts";

/** A process that this boot has seen and that is gone: our own pid with another start time. */
const gone: ProcessIdentity = { bootId: bootId(), pid: process.pid, startTicks: 1 };
/** One whose number means the same to the kernel's log; nobody has it. */
const seenByAll: ProcessIdentity = {
  bootId: `${bootId().split(" ")[0]} pid:[4026531836]`,
  pid: 5_000_000,
  startTicks: 0,
};
const backup: StepPlan = {
  position: 0,
  id: "copy",
  uses: "backup.restic",
  kind: "backup",
  target: "main",
  optional: false,
};

function ledgerWith(run: Partial<RunStart> = {}) {
  const ledger = openLedger(":memory:", { mode: "write" });
  const start = {
    id: "a",
    job: "home",
    trigger: "command",
    startedAt: 1000,
    deadlineAt: 60_000,
    holder: gone,
    steps: [backup],
    ...run,
  } as const;
  ledger.startRun(start);
  return ledger;
}

async function reasonOf(run: Partial<RunStart>, options: Partial<ReconcileOptions> = {}, seenAt = 2000) {
  const ledger = ledgerWith(run);
  ledger.markSeen("a", seenAt, null);
  await reconcile(ledger, { now: () => 100_000, ...options });
  const found = ledger.run("a");
  return found && { outcome: found.outcome, reason: found.reason, lost: found.lost };
}

describe("reconcile", () => {
  it("leaves a run alone whose process is alive", async () => {
    const ledger = ledgerWith({ holder: ownIdentity() });
    assert.deepEqual(await reconcile(ledger, { now: Date.now }), []);
    assert.equal(ledger.unfinishedRuns().length, 1);
  });

  it("tells why a run ended as far as the system lets one know", async () => {
    const failed = (reason: string) => ({ outcome: "failed", reason, lost: true });
    const stopped = (serviceResult: string, job = "home") => ({ stopped: { job, serviceResult } });
    assert.deepEqual(await reasonOf({}), failed("killed"));
    assert.deepEqual(await reasonOf({ holder: { ...gone, bootId: "another-boot" } }), failed("reboot"));
    assert.deepEqual(await reasonOf({}, {}, 60_000), failed("timeout"), "it was last seen at its deadline");
    assert.deepEqual(await reasonOf({ deadlineAt: null }, {}, 60_000), failed("killed"), "it had no deadline");
    assert.deepEqual(await reasonOf({}, stopped("oom-kill")), failed("oom"));
    assert.deepEqual(await reasonOf({}, stopped("timeout")), failed("timeout"));
    const kernelLog = () => [
      `3,1,9,-;Memory cgroup out of memory: Killed process ${seenByAll.pid} (node) total-vm:1kB\n`,
    ];
    assert.deepEqual(await reasonOf({ holder: seenByAll }, { kernelLog }), failed("oom"), "the kernel says so");
    assert.deepEqual(await reasonOf({ holder: seenByAll }, { kernelLog: () => [] }), failed("killed"));
    assert.deepEqual(await reasonOf({}, stopped("signal")), failed("killed"));
    assert.deepEqual(await reasonOf({}, stopped("oom-kill", "other")), failed("killed"), "another job's unit");
  });

  it("says what it knows of the end, in words", async () => {
    const told = async (run: Partial<RunStart>, serviceResult: string) => {
      const options = { now: () => 100_000, stopped: { job: "home", serviceResult } };
      return (await reconcile(ledgerWith(run), options))[0]?.message;
    };
    const pid = `process ${gone.pid}`;
    const seen = "(last seen 1970-01-01 00:00:01 UTC)";
    assert.equal(
      await told({ holder: { ...gone, bootId: "another-boot" } }, ""),
      `the machine went down while ${pid} was running ${seen}`,
    );
    assert.equal(await told({}, "timeout"), `${pid} was ended at its time limit ${seen}`);
    assert.equal(await told({}, "oom-kill"), `the kernel ended ${pid} for lack of memory ${seen}`);
    assert.equal(await told({}, "signal"), `${pid} was killed ${seen}`);
  });

  it("leaves to others the runs that they have found in the same moment", async () => {
    const ledger = { ...ledgerWith(), finishLostRuns: () => [] };
    assert.deepEqual(await reconcile(ledger, { now: () => 100_000 }), []);
  });

  it("never takes a reused process id for the run's own process", async () => {
    assert.ok(isAlive(ownIdentity()));
    assert.deepEqual(await reasonOf({ holder: { ...ownIdentity(), startTicks: ownIdentity().startTicks + 1 } }), {
      outcome: "failed",
      reason: "killed",
      lost: true,
    });
  });

  it("takes the lock of a run in another PID namespace only after a long silence", async () => {
    const [boot] = bootId().split(" ");
    const elsewhere = { ...gone, bootId: `${boot} pid:[1]` };
    const ledger = ledgerWith({ holder: elsewhere });
    ledger.markSeen("a", 10_000, null);
    assert.deepEqual(await reconcile(ledger, { now: () => 60_000 }), []);
    assert.equal((await reconcile(ledger, { now: () => 80_000 })).length, 1);
  });

  it("ends the step that was under way, counts the backup as failed and the run as lost, once", async () => {
    const ledger = ledgerWith();
    ledger.startStep("a", 0, 1500, []);
    const first = await reconcile(ledger, { now: () => 3000 });
    const second = await reconcile(ledger, { now: () => 4000 });
    assert.deepEqual([first.length, second.length], [1, 0]);
    assert.deepEqual(
      ledger.steps("a").map(({ outcome, reason }) => [outcome, reason]),
      [["failed", "killed"]],
    );
    const totals = Object.fromEntries(ledger.totals().map(({ metric, value }) => [metric, value]));
    assert.equal(totals["jobLost"], 1);
    assert.equal(totals["backupFailed"], 1);
    assert.equal(totals["jobRuns"], 1);
  });

  it("frees the lock, so that the next run can start", async () => {
    const ledger = ledgerWith();
    const next = {
      id: "b",
      job: "home",
      trigger: "command",
      startedAt: 5000,
      deadlineAt: null,
      holder: ownIdentity(),
      steps: [],
    } as const;
    assert.equal(ledger.startRun(next).lockedBy?.id, "a");
    await reconcile(ledger, { now: () => 5000 });
    assert.equal(ledger.startRun(next).lockedBy, null);
  });

  it("ends what a dead run left running, with its children, and says so", async (t) => {
    const child = spawn("sh", ["-c", "sleep 300 & wait"], { detached: true, stdio: "ignore" });
    t.after(() => child.kill("SIGKILL"));
    const leader = identityOf(child.pid as number);
    assert.ok(leader);
    const ledger = ledgerWith();
    ledger.recordChild({ runId: "a", leader, command: "restic backup" });
    const exited = once(child, "exit");
    const [found] = await reconcile(ledger, { now: () => 3000, graceSeconds: 5 });
    await exited;
    assert.match(
      found?.message ?? "",
      new RegExp(`its child ${child.pid} \\(restic backup\\) still ran and was ended`),
    );
    assert.equal(isAlive(leader), false);
  });

  it("ends also what a run was killed too early to record, by the mark that it bears", async (t) => {
    const environment = { PATH: process.env["PATH"], PANTHEROS_RUN: "a" };
    const child = spawn("sleep", ["300"], { detached: true, stdio: "ignore", env: environment });
    const other = spawn("sleep", ["300"], {
      detached: true,
      stdio: "ignore",
      env: { ...environment, PANTHEROS_RUN: "b" },
    });
    for (const each of [child, other]) t.after(() => each.kill("SIGKILL"));
    const exited = once(child, "exit");
    const [found] = await reconcile(ledgerWith(), { now: () => 3000, graceSeconds: 5 });
    await exited;
    assert.match(
      found?.message ?? "",
      new RegExp(`process group ${child.pid}, which it had started, still ran and was ended`),
    );
    assert.equal(other.exitCode ?? other.signalCode, null);
  });

  it("does not signal a process that got the number of a dead run's child", async () => {
    const ledger = ledgerWith();
    ledger.recordChild({ runId: "a", leader: { ...ownIdentity(), startTicks: 1 }, command: "restic backup" });
    const [found] = await reconcile(ledger, { now: () => 3000 });
    assert.doesNotMatch(found?.message ?? "", /still ran/);
  });
});
