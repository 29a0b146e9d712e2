import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { resticInit } from "../../src/runners/restic-init.ts";
import { resticUnlock } from "../../src/runners/restic-unlock.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { rejectsWith } from "../support/failure.ts";
import { runOn } from "../support/restic-runs.ts";
import { backup, holdExclusiveLock, prepare, type Stage, stopWithLock } from "../support/restic-stage.ts";

describe("locks and creation with real restic", { ...needs("restic", "several restics"), concurrency: 3 }, () => {
  for (const { version, program } of needs("restic").skip ? [] : resticPrograms()) {
    describe(version, { concurrency: 1 }, () => cases(program));
  }
});

const locksOf = (stage: Stage) => readdirSync(join(stage.base, "repository/locks"));
const main = { repository: "main" };
/** What a job has saved in it once. */
const backedUp = {
  ...({ job: "nightly", id: "step_1", uses: "backup.restic", kind: "backup", target: "main" } as const),
  ...{ bytes: null, files: null, runStartedAt: 0, finishedAt: 0 },
  evidence: { repository: "main", snapshot_id: "0".repeat(64) },
};

function cases(program: string) {
  it("leaves the lock of a process that lives, and removes it when that is gone", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    const holder = await holdExclusiveLock(t, own);
    const alive = await runOn(t, resticUnlock, own, main);
    assert.deepEqual([alive.evidence.removed.length, alive.evidence.kept.length], [0, 1]);
    assert.match(alive.message ?? "", /process \d+ of this host is alive/);
    assert.equal(locksOf(own).length, 1);
    await holder.kill();

    const dry = await runOn(t, resticUnlock, own, main, { dryRun: true });
    assert.equal(dry.evidence.removed.length, 1);
    assert.equal(locksOf(own).length, 1);
    const { evidence } = await runOn(t, resticUnlock, own, main);
    assert.deepEqual([evidence.removed.length, evidence.kept], [1, []]);
    assert.match(evidence.removed[0]?.because ?? "", /is gone/);
    assert.deepEqual(locksOf(own), []);
    await backup(own);
  });

  it("leaves the lock of another host, unless it was asked to go by age", needs("root"), async (t) => {
    const own = prepare(t, program);
    await backup(own);
    await lockOfAnotherHost(t, own);
    const old = () => Date.now() + 7 * 3_600_000;
    const kept = await runOn(t, resticUnlock, own, main, { now: old });
    assert.match(kept.evidence.kept[0]?.because ?? "", /of elsewhere, which cannot be seen from here/);
    const young = await runOn(t, resticUnlock, own, { ...main, other_hosts: true });
    assert.deepEqual([young.evidence.removed.length, young.evidence.kept.length], [0, 1]);
    assert.equal(locksOf(own).length, 1);
    const { evidence } = await runOn(t, resticUnlock, own, { ...main, other_hosts: true }, { now: old });
    assert.deepEqual([evidence.removed.length, evidence.kept.length], [1, 0]);
    assert.deepEqual(locksOf(own), []);
  });

  it("is repository_missing where there is none, and none is to be made", async (t) => {
    const own = prepare(t, program, { initialize: false });
    await rejectsWith(runOn(t, resticUnlock, own, main), "repository_missing", /main/);
  });

  it("finds no lock where a repository is still to be made, but never takes one that is not mounted for that", async (t) => {
    const own = prepare(t, program);
    const { evidence, message } = await runOn(t, resticUnlock, own, main);
    assert.deepEqual(evidence, { repository: "main", removed: [], kept: [] });
    assert.equal(message, "there is no repository main yet, and so no lock");
    const lastSteps = () => [backedUp];
    await rejectsWith(
      runOn(t, resticUnlock, own, main, { lastSteps }),
      "repository_missing",
      /held a backup of nightly/,
    );
  });

  it("creates a repository once, and never where one is only not mounted", async (t) => {
    const own = prepare(t, program);
    const dry = await runOn(t, resticInit, own, main, { dryRun: true });
    assert.deepEqual([dry.evidence.created, dry.evidence.repository_id], [false, ""]);
    const lastSteps = () => [backedUp];
    await rejectsWith(runOn(t, resticInit, own, main, { lastSteps }), "repository_missing", /held a backup of nightly/);
    assert.ok(!readdirSync(own.base).includes("repository"));

    const first = await runOn(t, resticInit, own, main);
    assert.deepEqual(first.evidence.created, true);
    const second = await runOn(t, resticInit, own, main);
    assert.deepEqual(second.evidence, { ...first.evidence, created: false });
  });
}

/** A lock whose holder runs – and is killed – under another host's name. */
async function lockOfAnotherHost(t: TestContext, stage: Stage): Promise<void> {
  const script = 'hostname elsewhere && exec "$0" backup --stdin';
  const sees = () => locksOf(stage).some((file) => /^[0-9a-f]{64}$/.test(file));
  const holder = await stopWithLock(t, ["unshare", "--uts", "sh", "-c", script, stage.program], sees, {
    RESTIC_REPOSITORY: join(stage.base, "repository"),
    RESTIC_CACHE_DIR: join(stage.base, "cache"),
  });
  await holder.kill();
  assert.equal(locksOf(stage).length, 1, "it was killed before it could remove its lock");
}
