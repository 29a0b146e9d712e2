import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { command } from "../../src/runners/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { contextOf } from "../support/runner-context.ts";

const run = (options: unknown, more = {}) => command.run(command.options.parse(options), contextOf({}, more));
const sh = (script: string) => ["sh", "-c", script];

describe("command", () => {
  it("succeeds with exit code 0 and keeps the last lines of both outputs in their order", async () => {
    const { evidence, tail } = await run({ argv: sh("echo one; sleep 0.05; echo two >&2; sleep 0.05; printf three") });
    assert.equal(evidence.exit_code, 0);
    assert.ok(evidence.duration_seconds > 0);
    assert.equal(tail, "one\ntwo\nthree");
  });

  it("keeps a bounded tail of any amount of output", async () => {
    const { tail = "" } = await run({ argv: sh("yes 0123456789 | head -c 5000000; echo; echo end") });
    assert.ok(tail.length <= 16 * 1024);
    assert.ok(tail.endsWith("0\n\nend") || tail.endsWith("end"));
  });

  it("fails with any other exit code, which it tells, with the tail", async () => {
    await assert.rejects(run({ argv: sh("echo broken >&2; exit 7") }), (error) => {
      assert.ok(error instanceof StepError);
      assert.deepEqual([error.reason, error.details.exitCode, error.details.tail], ["unknown", 7, "broken"]);
      assert.match(error.message, /sh ended with exit code 7/);
      return true;
    });
  });

  it("fails as killed by a signal", async () => {
    await assert.rejects(run({ argv: sh("kill -KILL $$") }), (error) => {
      assert.ok(error instanceof StepError);
      assert.deepEqual([error.reason, error.details.signal], ["killed", "SIGKILL"]);
      return true;
    });
  });

  it("fails as tool_missing when the program is not there", async () => {
    await assert.rejects(run({ argv: ["no-such-program-of-ours"] }), { reason: "tool_missing" });
  });

  it("works in its directory and hands over no variable of its own", async (t) => {
    const directory = temporaryDirectory(t);
    const { tail = "" } = await run({ argv: sh("pwd; env | sort"), directory });
    const [where, ...variables] = tail.split("\n");
    assert.equal(where, directory);
    const names = variables
      .map((line) => line.split("=")[0])
      .filter((name) => !["PWD", "_", "SHLVL", "OLDPWD"].includes(name ?? ""));
    assert.deepEqual(names.sort(), ["HOME", "LC_ALL", "PATH", "TZ"]);
  });

  describe("before the run begins,", () => {
    const check = async (options: unknown, more = {}) =>
      await command.check?.(command.options.parse(options), contextOf({}, more));

    it("fails as tool_missing when the program is not there", async () => {
      await check({ argv: ["true"] });
      await check({ argv: ["/bin/true"] });
      for (const program of ["no-such-program-of-ours", "/nowhere/true"])
        await assert.rejects(check({ argv: [program] }), { reason: "tool_missing" });
    });

    it("does not look for what an earlier step may have yet to make", async () => {
      for (const program of ["${snap.path}/tool", "./tool"]) await check({ argv: [program], directory: "/nowhere" });
    });
  });

  it("in a dry run starts nothing", async (t) => {
    const file = join(temporaryDirectory(t), "made");
    const { message } = await run({ argv: ["touch", file] }, { dryRun: true });
    assert.equal(existsSync(file), false);
    assert.equal(message, `would run touch ${file}`);
  });

  it("takes a list of arguments only, never a line for a shell", () => {
    for (const argv of ["echo a; rm -rf /", [], [""], [1]])
      assert.equal(command.options.safeParse({ argv }).success, false);
  });
});
