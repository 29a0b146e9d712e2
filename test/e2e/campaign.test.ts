import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runCampaign } from "../campaign/campaign.ts";
import { kinds } from "../campaign/kinds/index.ts";
import { describeFailure, failuresOf, killsOf } from "../campaign/report.ts";
import { copySubject } from "../campaign/subject.ts";
import { temporaryDirectory } from "../support/directory.ts";

const seed = 1;

describe("a short campaign (the long one: make campaign)", { timeout: 280_000 }, () => {
  it("does all that is possible to a run, and none vanishes", async (t) => {
    const subject = copySubject(temporaryDirectory(t));
    const result = await runCampaign({ kinds, subject, seed, kills: 18, minutes: 4 });
    const faults = new Set(result.tried.map(({ fault }) => fault));
    t.diagnostic(
      `${result.tried.length} tries, ${killsOf(result)} kills in ${result.seconds.toFixed(0)} s: ${[...faults].join("; ")}`,
    );
    assert.deepEqual(
      failuresOf(result).map((tried) => describeFailure(tried, seed)),
      [],
    );
    assert.ok(killsOf(result) >= 12, "most runs ended before they could be killed");
    assert.ok(faults.size >= 15, `only ${faults.size} kinds of faults were tried`);
  });

  it("finds a fault that was planted: a lock that stays when a run has ended", async (t) => {
    const subject = copySubject(temporaryDirectory(t), {
      file: "src/ledger/runs.ts",
      find: '"DELETE FROM locks WHERE run =',
      put: '"DELETE FROM locks WHERE run <>',
    });
    const outputs = kinds.filter(({ name }) => name === "outputs");
    const result = await runCampaign({ kinds: outputs, subject, seed, kills: 1, minutes: 1, only: 0 });
    const [failure] = failuresOf(result);
    assert.match(failure?.failure ?? "", /the next run works|no lock/);
  });

  it("finds a fault that was planted: a run that is killed and given no end", async (t) => {
    const subject = copySubject(temporaryDirectory(t), {
      file: "src/engine/presence.ts",
      find: 'sight === "gone"',
      put: 'sight === "never"',
    });
    // The fourth try hits it in the midst of its steps, with its child.
    const kill = kinds.filter(({ name }) => name === "kill");
    const result = await runCampaign({ kinds: kill, subject, seed, kills: 8, minutes: 1, only: 4 });
    assert.match(failuresOf(result)[0]?.failure ?? "", /has no end|the next run works|no lock/);
  });
});
