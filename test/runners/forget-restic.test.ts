import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { retentionPolicy } from "../../src/config/schema.ts";
import { StepError } from "../../src/model/outcome.ts";
import { parseDuration } from "../../src/model/quantity.ts";
import { forgetRestic, keepFlags, resticDuration } from "../../src/runners/forget-restic.ts";
import type { ToolResult } from "../../src/tools/exec.ts";
import { resticConfig, resticContext } from "../support/restic-context.ts";
import { ended, fakeExecute, recordedVersions, recording } from "../support/restic-recordings.ts";

const policy = (tiers: object) => retentionPolicy.parse(tiers);

function run(options: object, answers: Record<string, ToolResult>, dryRun = false) {
  const config = resticConfig({
    stateDirectory: "/state",
    repositories: { main: { repository: "/srv/restic", retention: "standard" }, bare: { repository: "/srv/bare" } },
    retention: { standard: { daily: 7, within: "36h" } },
  });
  const fake = fakeExecute((command) => answers[command] ?? ended({ stdout: "[]" }));
  const { context } = resticContext(config, fake.execute, { dryRun });
  const step = forgetRestic.options.parse({ repository: "main", ...options });
  return { ...fake, result: Promise.resolve().then(() => forgetRestic.run(step, context)) };
}

describe("forget.restic", () => {
  for (const version of recordedVersions) {
    it(`tells what ${version} kept and why, and what it removed, although pruning adds its own words`, async () => {
      const { result } = run({}, { forget: recording(version, "forget-prune") });
      const { evidence, message } = await result;
      assert.equal(evidence.kept, 1);
      assert.ok(evidence.removed.length >= 3);
      for (const id of evidence.removed) assert.match(id, /^[0-9a-f]{64}$/);
      assert.deepEqual(evidence.reasons, { "last snapshot": 1 });
      assert.deepEqual([evidence.histories, evidence.pruned], [1, true]);
      assert.match(message ?? "", /^1 kept, \d removed in 1 histories of main$/);
    });

    it(`has nothing to do where ${version} finds no snapshots`, async () => {
      const { evidence } = await run({}, { forget: recording(version, "forget-no-match") }).result;
      assert.deepEqual([evidence.kept, evidence.removed, evidence.histories], [0, [], 0]);
    });

    it(`does not believe ${version} when what it removed is still there`, async () => {
      const answers = { forget: recording(version, "forget-prune"), snapshots: recording(version, "snapshots") };
      await assert.rejects(run({}, answers).result, { reason: "verification", message: /still in main/ });
    });
  }

  it("looks at nothing but what pantheros made on this host, by host and tags", async () => {
    const { result, argvOf } = run({}, {});
    await result;
    assert.deepEqual(argvOf("forget"), [
      [
        ...["--json", "--group-by=host,tags", "--keep-daily=7", "--keep-within=1d12h"],
        ...["--host=web1", "--tag=pantheros", "--prune"],
      ],
    ]);
  });

  it("with all also looks at others' snapshots, told apart by their paths, and prunes once", async () => {
    const { result, argvOf } = run({ all: true, keep: { last: 3 } }, {});
    await result;
    assert.deepEqual(argvOf("forget"), [
      ["--json", "--group-by=host,tags", "--keep-last=3", "--tag=pantheros"],
      ["--json", "--group-by=host,paths,tags", "--keep-last=3", "--prune"],
    ]);
  });

  it("removes nothing in a dry run and says so", async () => {
    const { result, argvOf } = run({ prune: false }, { forget: recording("0.19.1", "forget-dry-run") }, true);
    const { evidence, message } = await result;
    assert.ok(argvOf("forget")[0]?.includes("--dry-run"));
    assert.ok(!argvOf("forget")[0]?.includes("--prune"));
    assert.equal(evidence.pruned, false);
    assert.match(message ?? "", /^dry run: /);
  });

  it("refuses to work without a policy, and by one that keeps nothing", async () => {
    await assert.rejects(run({ repository: "bare" }, {}).result, { reason: "config", message: /nothing says/ });
    const { result, calls } = run({ keep: {} }, {});
    await assert.rejects(result, { reason: "config", message: /keeps nothing/ });
    assert.deepEqual(calls, []);
  });
});

describe("a retention policy in restic's words", () => {
  it("names every tier that holds something", () => {
    assert.deepEqual(
      keepFlags(policy({ last: 1, within: "30d", hourly: 2, daily: 3, weekly: 4, monthly: 5, yearly: 6 })),
      [
        ...[
          "--keep-last=1",
          "--keep-hourly=2",
          "--keep-daily=3",
          "--keep-weekly=4",
          "--keep-monthly=5",
          "--keep-yearly=6",
        ],
        "--keep-within=30d",
      ],
    );
  });

  it("is refused when it holds nothing", () => {
    for (const tiers of [{}, { within: "0s" }]) assert.throws(() => keepFlags(policy(tiers)), StepError);
  });

  it("never keeps for a shorter time than was promised, nor an hour longer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000_000 }), (seconds) => {
        const written = resticDuration(seconds);
        assert.match(written, /^(?:\d+d)?(?:\d+h)?$/);
        const kept = parseDuration(written) ?? 0;
        assert.ok(kept >= seconds && kept < seconds + 3600, `${seconds}: ${written}`);
      }),
    );
  });
});
