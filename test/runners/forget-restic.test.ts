import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { LastStep } from "../../src/ledger/ledger.ts";
import { keep } from "../../src/model/retention/retention.ts";
import { forgetRestic } from "../../src/runners/forget-restic.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { resticConfig, resticContext } from "../support/restic-context.ts";
import { ended, fakeExecute, recordedVersions, recording } from "../support/restic-recordings.ts";

const day = 86_400;
const noon = (date: number) => Date.UTC(2026, 10, date, 12) / 1000;
const now = () => (noon(21) + 3600) * 1000;
const idOf = (number: number) => number.toString(16).padStart(64, "0");

interface Snapshot {
  readonly id: string;
  readonly at: number;
  readonly tags?: readonly string[];
  readonly paths?: readonly string[];
  readonly host?: string;
}
const ours = ["pantheros", "job:nightly"];
const daily = (...dates: number[]): Snapshot[] => dates.map((date) => ({ id: idOf(date), at: noon(date) }));
const dates = (ids: readonly string[]) => ids.map((id) => Number.parseInt(id, 16));

/** A restic that has these snapshots; what is forgotten is gone, unless it only says so. */
function prepare(snapshots: readonly Snapshot[], { lying = false } = {}) {
  const config = resticConfig({
    stateDirectory: "/state",
    repositories: { main: { repository: "/srv/restic", retention: "standard" }, bare: { repository: "/srv/bare" } },
    retention: { standard: { daily: 3 } },
  });
  const alive = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const fake = fakeExecute((command, { argv }) => {
    if (command === "forget" && !lying) for (const id of argv) alive.delete(id);
    if (command === "forget") return ended();
    const listed = [...alive.values()].map(({ id, at, tags = ours, paths = ["/x"], host = "web1" }) => {
      return { id, time: new Date(at * 1000).toISOString(), hostname: host, tags, paths };
    });
    return ended({ stdout: JSON.stringify(listed) });
  });
  const run = async (options: object = {}, more: Partial<RunnerContext> = {}) => {
    const { context } = resticContext(config, fake.execute, { now, ...more });
    return await forgetRestic.run(forgetRestic.options.parse({ repository: "main", ...options }), context);
  };
  return { ...fake, alive, run };
}

function claimOf(snapshot_id: string): LastStep {
  const evidence = { repository: "main", snapshot_id };
  const times = { runStartedAt: 0, finishedAt: 0 };
  const step = { job: "weekly", id: "step_1", uses: "backup.restic", kind: "backup", target: "main" } as const;
  return { ...step, ...times, bytes: null, files: null, evidence };
}

describe("forget.restic", () => {
  it("removes by id what no tier holds, says of the rest why it stays, and frees the space", async () => {
    const { run, argvOf } = prepare(daily(17, 18, 19, 20, 21));
    const { evidence, outcome, message } = await run();
    assert.deepEqual(evidence, {
      repository: "main",
      kept: 3,
      removed: [idOf(18), idOf(17)],
      reasons: { daily: 3 },
      histories: 1,
      pruned: true,
    });
    assert.deepEqual(argvOf("forget"), [["--prune", "--", idOf(18), idOf(17)]]);
    assert.deepEqual([outcome, message], [undefined, "3 kept, 2 removed in 1 history of main"]);
  });

  it("looks at nothing but what pantheros made on this host", async () => {
    const { run, argvOf } = prepare(daily(21));
    await run();
    assert.deepEqual(argvOf("snapshots"), [["--json", "--no-lock", "--host=web1", "--tag=pantheros", "--"]]);
  });

  it("calls restic for nothing when there is nothing to remove", async () => {
    for (const version of recordedVersions) {
      const fake = fakeExecute(() => recording(version, "snapshots-none"));
      const config = resticConfig({
        stateDirectory: "/state",
        repositories: { main: { repository: "/srv/restic", retention: "standard" } },
        retention: { standard: { daily: 3 } },
      });
      const { context } = resticContext(config, fake.execute);
      const { evidence } = await forgetRestic.run(forgetRestic.options.parse({ repository: "main" }), context);
      assert.deepEqual([evidence.kept, evidence.removed, evidence.histories], [0, [], 0]);
      assert.deepEqual(fake.argvOf("forget"), []);
    }
  });

  it("judges each job and source by itself, wherever a Btrfs snapshot was read from", async () => {
    const other = ["pantheros", "job:weekly"];
    const { run } = prepare([
      ...daily(18, 19, 20, 21).map((one) => ({ ...one, paths: [`/snapshots/${one.at}`] })),
      ...daily(1, 2, 3).map((one) => ({ ...one, tags: other })),
    ]);
    const { evidence, message } = await run();
    assert.deepEqual([dates(evidence.removed), evidence.kept, evidence.histories], [[18], 6, 2]);
    assert.equal(message, "6 kept, 1 removed in 2 histories of main");
  });

  it("with all also judges others' snapshots, told apart by host, paths and tags", async () => {
    const { run, argvOf } = prepare([
      ...daily(18, 19, 20, 21).map((one) => ({ ...one, tags: [] })),
      ...daily(14, 15, 16, 17).map((one) => ({ ...one, tags: [], paths: ["/y"] })),
      ...daily(10, 11, 12, 13).map((one) => ({ ...one, host: "web2" })),
    ]);
    const { evidence } = await run({ all: true });
    assert.deepEqual([dates(evidence.removed), evidence.histories], [[18, 14, 10], 3]);
    assert.deepEqual(argvOf("snapshots")[0], ["--json", "--no-lock", "--"]);
  });

  it("removes nothing in a dry run and says what it would", async () => {
    const { run, argvOf } = prepare(daily(17, 18, 19, 20, 21));
    const { evidence, message } = await run({}, { dryRun: true });
    assert.deepEqual([dates(evidence.removed), evidence.pruned, argvOf("forget")], [[18, 17], false, []]);
    assert.match(message ?? "", /^dry run: 3 kept, 2 removed/);
  });

  it("leaves the space to another step where it is told to", async () => {
    const { run, argvOf } = prepare(daily(18, 19, 20, 21));
    assert.equal((await run({ prune: false })).evidence.pruned, false);
    assert.deepEqual(argvOf("forget"), [["--", idOf(18)]]);
  });

  it("does not believe restic when what it removed is still there", async () => {
    const { run } = prepare(daily(18, 19, 20, 21), { lying: true });
    await assert.rejects(run(), { reason: "verification", message: /still in main/ });
  });

  it("refuses to work without a policy", async () => {
    const { run, calls } = prepare(daily(20, 21));
    await assert.rejects(run({ repository: "bare" }), { reason: "config", message: /nothing says/ });
    assert.deepEqual(calls, []);
  });

  it("removes nothing by a policy that has no tier", async () => {
    const { run } = prepare(daily(20, 21));
    const { evidence } = await run({ repository: "bare", keep: {} });
    assert.deepEqual([evidence.removed, evidence.reasons], [[], { "the policy has no tier": 2 }]);
  });

  it("never goes below what is promised of the repository, whatever the step keeps", async () => {
    const { run } = prepare(daily(17, 18, 19, 20, 21));
    assert.deepEqual(dates((await run({ keep: { last: 1 } })).evidence.removed), [18, 17]);
    const more = await prepare(daily(17, 18, 19, 20, 21)).run({ keep: { last: 4 } });
    assert.deepEqual(dates(more.evidence.removed), [17]);
  });

  it("gives no snapshot dated after now the place of a real one, and asks for the clock to be corrected", async () => {
    const future = [1, 2, 3].map((n) => ({ id: idOf(100 + n), at: noon(21) + n * 400 * day }));
    const { run, alive } = prepare([...daily(17, 18, 19, 20, 21), ...future]);
    const { evidence, outcome, reason, message } = await run();
    assert.deepEqual(dates(evidence.removed), [18, 17]);
    assert.ok(alive.has(idOf(21)), "today's");
    assert.deepEqual(evidence.reasons, { daily: 3, future: 3 });
    assert.deepEqual([outcome, reason], ["partial", "verification"]);
    assert.match(message ?? "", /3 snapshots are dated after now.*correct the clock.*restic forget 00000000$/);
  });

  it("takes clocks of hosts that differ by minutes for right", async () => {
    const ahead = async (seconds: number) =>
      await prepare([...daily(20, 21), { id: idOf(99), at: now() / 1000 + seconds }]).run();
    const { evidence, outcome } = await ahead(300);
    assert.deepEqual([evidence.removed, outcome], [[], undefined]);
    assert.match((await ahead(301)).message ?? "", /; 1 snapshot is dated after now/);
  });

  it("never removes what a job claims as its last backup, though the clock dated it back", async () => {
    const { run } = prepare(daily(17, 18, 19, 20, 21));
    const ofAnother = { ...claimOf(""), evidence: { path: "/snapshots/home.1", uuid: "1" } };
    const { evidence } = await run({}, { lastSteps: () => [ofAnother, claimOf(idOf(17))] });
    assert.deepEqual([dates(evidence.removed), evidence.reasons], [[18], { daily: 3, "claimed by a job": 1 }]);
  });

  it("never removes one of several snapshots that a job claims together", async () => {
    const { run } = prepare(daily(17, 18, 19, 20, 21));
    const several = claimOf(idOf(18));
    const evidence = { ...several.evidence, snapshot_ids: [idOf(17), idOf(18)] };
    const { evidence: done } = await run({}, { lastSteps: () => [{ ...several, evidence }] });
    assert.deepEqual([done.removed, done.reasons], [[], { daily: 3, "claimed by a job": 2 }]);
  });

  it("removes exactly what neither policy, nor the future, nor a claim holds", async () => {
    const at = fc.integer({ min: -30, max: 10 }).map((days) => now() / 1000 + days * 7 * 3600);
    await fc.assert(
      fc.asyncProperty(fc.array(at, { maxLength: 20 }), fc.nat(3), fc.nat(19), async (times, last, claimed) => {
        const { run } = prepare(times.map((time, number) => ({ id: idOf(number), at: time })));
        const { evidence } = await run({ keep: { last } }, { lastSteps: () => [claimOf(idOf(claimed))] });
        const removed = new Set(dates(evidence.removed));
        const policy = { last: 0, hourly: 0, daily: 3, weekly: 0, monthly: 0, yearly: 0, slack: 0 };
        for (const own of [policy, { ...policy, daily: 0, last }]) {
          for (const index of keep(times, own, "Europe/Berlin", { now: now() / 1000 }).kept.keys())
            assert.ok(!removed.has(index), `${index} is held`);
        }
        assert.ok(!removed.has(claimed));
        assert.equal(evidence.kept + removed.size, times.length);
      }),
    );
  });
});
