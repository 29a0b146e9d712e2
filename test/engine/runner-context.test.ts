import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LastStep } from "../../src/ledger/ledger.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
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

  it("hands the step's environment, secrets among it, to every program, and hides them in what it keeps", async () => {
    const show = runnerOf("show", async (_, { execute }) => {
      const { stdout } = await execute({ argv: ["env"] });
      assert.match(stdout, /^PLAIN=a b$/m);
      return { message: /^TOKEN=.*$/m.exec(stdout)?.[0] ?? "" };
    });
    const environment = { PLAIN: "a b", TOKEN: { environment: "X" } };
    const { steps } = await runTestJob(configOf([{ uses: "test.show", environment }]), [show], {
      services: { readSecret: () => new Secret("Tr0ub4dor&3", "test") },
    });
    assert.equal(steps[0]?.message, "TOKEN=[redacted]");
  });

  it("starts programs with the priority that the step asks for", async () => {
    const show = runnerOf("show", async (_, { execute }) => {
      const { stdout } = await execute({ argv: ["sh", "-c", "nice; ionice -p $$"] });
      return { message: stdout.trim().replaceAll("\n", ", ") };
    });
    const { steps } = await runTestJob(configOf([{ uses: "test.show", nice: 7, ionice: "idle" }]), [show]);
    assert.equal(steps[0]?.message, "7, idle");
  });

  it("fails before the first step is executed when a secret of any step's environment cannot be read", async () => {
    let executed = 0;
    const work = runnerOf("work", async () => {
      executed += 1;
      return {};
    });
    const environment = { TOKEN: { environment: "X" } };
    const { run } = await runTestJob(configOf([{ uses: "test.work" }, { uses: "test.work", environment }]), [work]);
    assert.deepEqual([run.outcome, run.reason, executed], ["failed", "auth", 0]);
  });

  it("knows its own past, and that of no other step", async () => {
    const pasts: unknown[] = [];
    const work = runnerOf("work", async ({ text }, { history }) => {
      pasts.push(history(10).map(({ evidence }) => evidence["said"]));
      return { evidence: { said: text } };
    });
    const config = (text: string) =>
      configOf([
        { id: "a", uses: "test.work", text },
        { id: "b", uses: "test.work" },
      ]);
    const { ledger } = await runTestJob(config("one"), [work]);
    await runTestJob(config("two"), [work], { ledger });
    assert.deepEqual(pasts, [[], [], ["one"], [""]]);
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
