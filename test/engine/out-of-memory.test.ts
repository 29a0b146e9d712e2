import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { configOf, runnerOf, runTestJob } from "./job.ts";

const killed = new StepError("killed", "restic was ended by SIGKILL", { signal: "SIGKILL", tail: "last words" });

/** A job whose only step fails, while the kernel's count of processes that it ended for lack of memory goes from one value to another. */
async function stepOf(failure: StepError, counts: readonly (number | null)[]) {
  const remaining = [...counts];
  const runner = runnerOf("fail", async () => {
    throw failure;
  });
  const memoryKills = () => remaining.shift() ?? null;
  const { run, steps } = await runTestJob(configOf([{ uses: "test.fail" }]), [runner], { services: { memoryKills } });
  return { run: run.reason, step: steps[0]?.reason, message: steps[0]?.message, tail: steps[0]?.tail };
}

describe("a program that was killed", () => {
  it("ran out of memory when the kernel has ended one of its cgroup meanwhile", async () => {
    assert.deepEqual(await stepOf(killed, [3, 4]), {
      run: "oom",
      step: "oom",
      message:
        "restic was ended by SIGKILL: the kernel ended it for lack of memory – give the machine, or the unit's MemoryMax=, more memory",
      tail: "last words",
    });
  });

  it("was killed when it has not, or nobody knows", async () => {
    for (const counts of [
      [3, 3],
      [null, null],
      [3, null],
    ])
      assert.equal((await stepOf(killed, counts)).step, "killed");
  });

  it("and what failed for another reason keeps its own", async () => {
    assert.equal((await stepOf(new StepError("network", "connection refused"), [3, 4])).step, "network");
  });
});
