import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import type { Config } from "../../src/config/schema.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { backupRclone } from "../../src/runners/backup-rclone.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import type { ToolCall } from "../../src/tools/exec.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { contextOf } from "../support/runner-context.ts";

const bucket = {
  type: "s3",
  endpoint: "http://127.0.0.1:1",
  bucket: "bucket",
  access_key_id: { environment: "KEY_ID" },
  secret_access_key: { environment: "KEY" },
};

interface Stage {
  readonly source: string;
  readonly destination: string;
}

function prepareFolders(t: TestContext): Stage {
  const base = temporaryDirectory(t);
  const stage = { source: join(base, "source"), destination: join(base, "destination") };
  mkdirSync(join(stage.source, "sub"), { recursive: true });
  mkdirSync(stage.destination);
  writeFileSync(join(stage.source, "a"), "12345");
  writeFileSync(join(stage.source, "sub/b"), "123");
  return stage;
}

/** An rclone that always says 0; what it really does is up to the test. */
function contextWith(stage: Stage, rclone: (call: ToolCall) => void, more: Partial<RunnerContext> = {}): RunnerContext {
  const destinations = {
    local: { type: "local", path: stage.destination },
    bucket: { prefix: "", region: "r", ...bucket },
  };
  return {
    ...contextOf({}),
    config: { destinations } as unknown as Config,
    job: "job",
    runId: "run",
    timestamp: "20261121T085700Z",
    signal: new AbortController().signal,
    now: Date.now,
    dryRun: false,
    readSecret: () => new Secret("secret", "test"),
    progress: () => undefined,
    log: () => undefined,
    pathsInUse: () => [],
    lastSteps: () => [],
    resolveProgram: ({ argv: [program] }) => program,
    execute: async (call) => {
      rclone(call);
      return { argv: call.argv, exitCode: 0, signal: null, stdout: "", stderr: "", durationSeconds: 0 };
    },
    ...more,
  };
}

const options = (values: Record<string, unknown>) =>
  backupRclone.options.parse({ to: "local", prefix: "p", ...values });
const honest = (stage: Stage) => () => cpSync(stage.source, join(stage.destination, "p"), { recursive: true });

suite("the proof of backup.rclone", () => {
  test("given all files at the destination, then it succeeds with what was seen there", async (t) => {
    const stage = prepareFolders(t);
    const result = await backupRclone.run(options({ from: stage.source }), contextWith(stage, honest(stage)));
    assert.deepEqual([result.files, result.bytes, result.evidence.objects_listed], [2, 8, 2]);
    assert.deepEqual(backupRclone.produces.parse(result.evidence), result.evidence);
  });

  test("given an rclone that says 0 and copies nothing, then it fails", async (t) => {
    const stage = prepareFolders(t);
    mkdirSync(join(stage.destination, "p"));
    await assert.rejects(
      backupRclone.run(
        options({ from: stage.source }),
        contextWith(stage, () => undefined),
      ),
      {
        reason: "verification",
        message: /2 missing, e\.g\. "(a|sub\/b)"; the source has not changed meanwhile/,
      },
    );
  });

  test("given a copy that was cut short, then it names the file and both sizes", async (t) => {
    const stage = prepareFolders(t);
    const cut = () => {
      honest(stage)();
      truncateSync(join(stage.destination, "p/a"), 2);
    };
    await assert.rejects(backupRclone.run(options({ from: stage.source }), contextWith(stage, cut)), {
      reason: "verification",
      message: /1 of another size, e\.g\. "a" with 2 instead of 5 bytes; the source has not changed/,
    });
  });

  test("given a source that grows meanwhile, then it says so and advises a snapshot", async (t) => {
    const stage = prepareFolders(t);
    const growing = () => {
      appendFileSync(join(stage.source, "a"), "more");
      honest(stage)();
    };
    await assert.rejects(
      backupRclone.run(options({ from: stage.source }), contextWith(stage, growing)),
      (error: StepError) => {
        assert.equal(error.reason, "verification");
        assert.match(error.message, /1 of them changed while they were copied/);
        assert.match(error.details.advice ?? "", /snapshot/);
        return true;
      },
    );
  });

  test("given files that exclude leaves out, then they are not missed", async (t) => {
    const stage = prepareFolders(t);
    const onlyA = () => {
      mkdirSync(join(stage.destination, "p"));
      writeFileSync(join(stage.destination, "p/a"), "12345");
    };
    const result = await backupRclone.run(
      options({ from: stage.source, exclude: ["/sub/"] }),
      contextWith(stage, onlyA),
    );
    assert.equal(result.files, 1);
  });

  test("given nothing but excluded files, then nothing is called a backup", async (t) => {
    const stage = prepareFolders(t);
    let calls = 0;
    const context = contextWith(stage, () => {
      calls += 1;
    });
    await assert.rejects(backupRclone.run(options({ from: stage.source, exclude: ["*"] }), context), {
      reason: "empty_artifact",
    });
    assert.equal(calls, 0, "rclone is not even started");
  });
});

suite("before backup.rclone starts", () => {
  const check = (values: Record<string, unknown>, context: RunnerContext) =>
    backupRclone.check?.(options(values), context);

  test("a missing rclone is told by the tool's own failure", async (t) => {
    const stage = prepareFolders(t);
    const context = contextWith(stage, () => {
      throw new StepError("tool_missing", "rclone is not installed");
    });
    await assert.rejects(async () => check({ from: stage.source }, context), { reason: "tool_missing" });
  });

  test("a credential that cannot be read is auth, and says which", async (t) => {
    const stage = prepareFolders(t);
    const context = contextWith(stage, () => undefined, {
      readSecret: (reference) => {
        if ("environment" in reference && reference.environment === "KEY")
          throw new StepError("config", "KEY is not set");
        return new Secret("id", "test");
      },
    });
    await assert.rejects(async () => check({ from: stage.source, to: "bucket" }, context), {
      reason: "auth",
      message: "secret_access_key of the destination bucket: KEY is not set",
    });
  });

  test("a source that is not there, or is a file, is source", async (t) => {
    const stage = prepareFolders(t);
    const context = contextWith(stage, () => undefined);
    await assert.rejects(async () => check({ from: join(stage.source, "missing") }, context), { reason: "source" });
    await assert.rejects(async () => check({ from: join(stage.source, "a") }, context), { reason: "source" });
  });

  test("a source that an earlier step will make is not looked for yet", async (t) => {
    const stage = prepareFolders(t);
    await check(
      { from: "${snap.path}/db" },
      contextWith(stage, () => undefined),
    );
  });

  test("a destination that is not there is config", async (t) => {
    const stage = prepareFolders(t);
    const context = contextWith({ ...stage, destination: "/nowhere/at/all" }, () => undefined);
    await assert.rejects(async () => check({ from: stage.source }, context), { reason: "config" });
  });

  test("sync without a prefix of its own is refused: it would remove what others keep", async (t) => {
    const stage = prepareFolders(t);
    const context = contextWith(stage, () => assert.fail("nothing may run"));
    const values = { from: stage.source, mode: "sync", prefix: "/" };
    await assert.rejects(backupRclone.run(options(values), context), { reason: "config", message: /would remove/ });
  });

  test("options that cannot be meant are refused when the configuration is loaded", () => {
    for (const values of [
      { from: "relative" },
      { from: "a:b" },
      { from: "/a", exclude: ["{{.*}}"] },
      { from: "/a", mode: "move" },
    ]) {
      assert.equal(backupRclone.options.safeParse({ to: "local", ...values }).success, false, JSON.stringify(values));
    }
  });
});
