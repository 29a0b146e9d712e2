import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LastStep } from "../../src/ledger/ledger.ts";
import { StepError } from "../../src/model/outcome.ts";
import { configOf, runnerOf, runTestJob } from "./job.ts";

describe("what a step gets to know, and leaves behind when it fails", () => {
  it("sees what every job claims, an earlier step of its own run among them", async () => {
    let seen: readonly LastStep[] = [];
    const backup = runnerOf("backup", async () => ({ evidence: { said: "snapshot 1" } }), { kind: "backup" });
    const look = runnerOf("look", async (_, { lastSteps }) => {
      seen = lastSteps();
      return {};
    });
    await runTestJob(configOf([{ uses: "test.backup" }, { uses: "test.look" }]), [backup, look]);
    assert.deepEqual(
      seen.map(({ job, kind, target, evidence }) => ({ job, kind, target, evidence })),
      [{ job: "test", kind: "backup", target: "somewhere", evidence: { said: "snapshot 1" } }],
    );
  });

  it("finds the program that it would start, where services and cron do not look", async () => {
    const found: string[] = [];
    const look = runnerOf("look", async (_, { resolveProgram }) => {
      found.push(resolveProgram({ argv: ["env"] }));
      assert.throws(() => resolveProgram({ argv: ["no-such-program-of-ours"] }), { reason: "tool_missing" });
      return {};
    });
    const { run } = await runTestJob(configOf([{ uses: "test.look" }]), [look], {
      services: { environment: { PATH: "/nowhere" } },
    });
    assert.equal(run.outcome, "success", run.message ?? "");
    assert.match(found[0] ?? "", /^\/.*\/env$/);
  });

  it("keeps what a failed step had done before", async () => {
    const prune = runnerOf("prune", async () => {
      throw new StepError("cancelled", "stopped", { evidence: { removed: ["a"] } });
    });
    const { run, ledger } = await runTestJob(configOf([{ uses: "test.prune" }]), [prune]);
    const [step] = ledger.steps(run.id);
    assert.deepEqual([step?.outcome, step?.evidence], ["failed", { removed: ["a"] }]);
  });
});
