import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import type { PastStep } from "../../src/ledger/ledger.ts";
import { Secret } from "../../src/model/secret.ts";
import { verifyResticCheck } from "../../src/runners/verify-restic-check.ts";
import { identityOf } from "../../src/tools/process/process.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { rejectsWith } from "../support/failure.ts";
import { pastStep, runOn } from "../support/restic-runs.ts";
import { backup, execute, holdExclusiveLock, prepare, type Stage, script } from "../support/restic-stage.ts";
import { sharedByTests } from "../support/shared.ts";

describe("restic check of a real repository", { ...needs("restic", "several restics"), concurrency: 3 }, () => {
  for (const { version, program } of needs("restic").skip ? [] : resticPrograms()) {
    describe(version, { concurrency: 1 }, () => cases(program));
  }
});

function packsOf(stage: Stage): readonly string[] {
  return readdirSync(join(stage.base, "repository/data"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

/** Flips a bit in the largest pack, which holds the content of files. @returns its id */
function damage(stage: Stage): string {
  const pack = packsOf(stage).reduce((largest, file) =>
    statSync(file).size > statSync(largest).size ? file : largest,
  );
  const bytes = readFileSync(pack);
  bytes[1000] = (bytes[1000] as number) ^ 1;
  rmSync(pack);
  writeFileSync(pack, bytes, { mode: 0o600 });
  return basename(pack);
}

function cases(program: string) {
  const shared = sharedByTests();
  let stage: Stage;
  before(async () => {
    stage = prepare(shared as TestContext, program);
    await backup(stage);
  });

  it("reads one part after the other until all is covered, and remembers by its evidence", async (t) => {
    const all = packsOf(stage).length;
    const past: PastStep[] = [];
    let read = 0;
    for (let run = 0; run < 3; run += 1) {
      const at = 1_800_000_000 + run * 86_400;
      const history = () => past.toReversed();
      const { evidence } = await runOn(
        t,
        verifyResticCheck,
        stage,
        { repository: "main", parts: 3 },
        { history, now: () => at * 1000 },
      );
      assert.deepEqual([evidence.part, evidence.parts, evidence.errors], [run + 1, 3, 0]);
      assert.ok(Math.abs((evidence.coverage_ratio ?? 0) - (run + 1) / 3) < 0.01);
      assert.equal(evidence.packs_total, all);
      read += evidence.packs_read;
      past.push(pastStep(at, evidence));
    }
    assert.equal(read, all, "every pack was read in exactly one of the parts");
  });

  it("finds a flipped bit in exactly the part that its pack belongs to, and names the pack", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    const pack = damage(own);
    const due = (Number.parseInt(pack.slice(0, 2), 16) % 7) + 1;
    const checkPart = (number: number) => {
      const others = [1, 2, 3, 4, 5, 6, 7].filter((other) => other !== number);
      const history = () => others.map((part) => pastStep(1_800_000_000, { part, parts: 7 }));
      return runOn(
        t,
        verifyResticCheck,
        own,
        { repository: "main", parts: 7 },
        { history, now: () => 1_800_000_001_000 },
      );
    };
    const other = await checkPart((due % 7) + 1);
    assert.equal(other.evidence.subset, `${(due % 7) + 1}/7`);
    const error = await rejectsWith(checkPart(due), "verification", new RegExp(pack));
    assert.deepEqual(error.details.evidence, { subset: `${due}/7`, errors: 1, damaged_packs: [pack] });
    assert.match(error.details.advice ?? "", /do not prune/);
  });

  it("finds a pack that is missing", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    const [pack] = packsOf(own) as [string];
    renameSync(pack, join(own.base, "pack"));
    // Of a part that is not read: 0.14 would ask for the pack for a minute.
    const due = (Number.parseInt(basename(pack).slice(0, 2), 16) % 2) + 1;
    const history = () => [pastStep(1_700_000_000, { part: due, parts: 2 })];
    await rejectsWith(
      runOn(t, verifyResticCheck, own, { repository: "main", parts: 2 }, { history }),
      "verification",
      new RegExp(basename(pack)),
    );
  });

  it("reads a random share, and claims no coverage", async (t) => {
    const { evidence, message } = await runOn(t, verifyResticCheck, stage, { repository: "main", subset: "5%" });
    assert.equal(evidence.coverage_ratio, undefined);
    assert.ok(Math.abs((evidence.coverage_expected ?? 0) - 0.05) < 1e-9);
    assert.ok(evidence.packs_read >= 1);
    assert.match(message ?? "", /expected by chance/);
  });

  it("is repository_locked while another restic has the repository to itself", async (t) => {
    const own = prepare(t, program);
    await backup(own);
    await holdExclusiveLock(t, own);
    await rejectsWith(
      runOn(t, verifyResticCheck, own, { repository: "main" }),
      "repository_locked",
      /locked exclusively by PID \d+/,
    );
  });

  it("is stopped in the middle and leaves neither a process nor a lock", async (t) => {
    const own = prepare(t, script(t, `exec ${program} --limit-download 20 "$@"`));
    await backup(own);
    const stop = new AbortController();
    const pids: number[] = [];
    let told = 0;
    const progress = () => {
      told += 1;
    };
    const world = { execute: execute({ signal: stop.signal, pids }), progress };
    const running = runOn(t, verifyResticCheck, own, { repository: "main", parts: 1 }, world);
    const stopped = rejectsWith(running, "cancelled", /cancelled/);
    const locks = join(own.base, "repository/locks");
    // restic forgets a lock that it is just writing: in the middle of the work is later.
    await eventually("the check to be at work", () => told > 0 && readdirSync(locks).length > 0);
    stop.abort();
    await stopped;
    for (const pid of pids) assert.equal(identityOf(pid), null);
    assert.deepEqual(readdirSync(locks), []);
  });

  it("is auth with a wrong password, repository_missing where there is none", async (t) => {
    const own = prepare(t, program);
    await rejectsWith(runOn(t, verifyResticCheck, own, { repository: "main" }), "repository_missing", /main/);
    own.restic("init");
    const readSecret = () => new Secret("not the password", "a test");
    await rejectsWith(
      runOn(t, verifyResticCheck, own, { repository: "main" }, { readSecret }),
      "auth",
      /wrong password/,
    );
  });
}
