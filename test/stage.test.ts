import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openStage } from "./stage.ts";
import { needs } from "./support/components.ts";
import { temporaryDirectory } from "./support/directory.ts";

describe("the stage of a run of the tests", { timeout: 30_000 }, () => {
  it("is gone after a run that cleaned up, and has nothing to tell", async (t) => {
    const stage = await openStage(temporaryDirectory(t));
    assert.deepEqual(await stage.clear(), []);
    assert.equal(existsSync(stage.directory), false);
  });

  it("ends the processes that a test left, by their id, and names them", async (t) => {
    const stage = await openStage(temporaryDirectory(t));
    const left = spawn("sleep", ["600"], { cwd: stage.directory, stdio: "ignore" });
    t.after(() => left.kill("SIGKILL"));
    const bystander = spawn("sleep", ["600"], { stdio: "ignore" });
    t.after(() => bystander.kill());
    const ended = once(left, "exit");
    assert.deepEqual(await stage.clear(), [`process ${left.pid}: sleep 600`]);
    assert.deepEqual(await ended, [null, "SIGKILL"]);
    assert.equal(bystander.exitCode ?? bystander.signalCode, null);
  });

  it("unmounts what a test left, also one below another and with a space in its name", needs("root"), async (t) => {
    const stage = await openStage(temporaryDirectory(t));
    const outer = join(stage.directory, "with space");
    for (const path of [outer, join(outer, "inner")]) {
      mkdirSync(path);
      execFileSync("mount", ["-t", "tmpfs", "tmpfs", path]);
    }
    assert.deepEqual(await stage.clear(), [`mount ${outer}/inner`, `mount ${outer}`]);
    assert.equal(existsSync(stage.directory), false);
  });

  it("clears up after a run that was killed, and leaves one alone that is alive", async (t) => {
    const base = temporaryDirectory(t);
    const gone = spawnSync("true").pid;
    for (const pid of [gone, process.pid]) {
      mkdirSync(join(base, `pantheros-tests-${pid}-abcdef`));
      writeFileSync(join(base, `pantheros-tests-${pid}-abcdef`, "file"), "");
    }
    await (await openStage(base)).clear();
    assert.equal(existsSync(join(base, `pantheros-tests-${gone}-abcdef`)), false);
    assert.equal(existsSync(join(base, `pantheros-tests-${process.pid}-abcdef`)), true);
  });
});
