import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { exportCommand } from "../../src/runners/export-command.ts";
import type { Leftover, RunnerContext } from "../../src/runners/runner.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { contextOf } from "../support/runner-context.ts";
import { startS3 } from "../support/s3.ts";

const prefix = "graphiti-20261121T085700Z";

/** The runner with a folder as destination and everything real but the engine around it. */
function prepare(t: TestContext, step: Record<string, unknown>, more: Partial<RunnerContext> = {}) {
  const offsite = temporaryDirectory(t);
  const open: Leftover[] = [];
  const context = contextOf(
    { destinations: { offsite: { type: "local", path: offsite } } },
    {
      scratch: async () => temporaryDirectory(t),
      leftover: (what) => {
        open.push(what);
        return { settled: () => void open.splice(open.indexOf(what), 1) };
      },
      ...more,
    },
  );
  const options = exportCommand.options.parse({ to: "offsite", prefix, ...step });
  return {
    offsite,
    stored: join(offsite, prefix),
    open,
    context,
    check: async () => exportCommand.check?.(options, context),
    run: () => exportCommand.run(options, context),
  };
}

const shell = (script: string, ...args: string[]) => ["/bin/sh", "-c", script, "sh", ...args];

/** A stand-in for Graphiti's script: the memory's episodes as JSON, wherever it is told to. */
function memoryManager(t: TestContext): string {
  const file = join(temporaryDirectory(t), "memory_manager.py");
  writeFileSync(
    file,
    `import json, os, sys
assert sys.argv[1] == "export"
target = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.environ["PANTHEROS_RESULT"], "memory.json")
with open(target, "w") as out:
    json.dump({"episodes": [{"name": "first"}]}, out)
print("exported 1 episode to", target)
`,
  );
  return file;
}

suite("export.command", needs("rclone"), () => {
  test("given a program that writes where it is told, then what it made is uploaded and proven", async (t) => {
    const script = memoryManager(t);
    for (const argv of [
      ["python3", script, "export"],
      ["python3", script, "export", "{result}/memory.json"],
    ]) {
      const step = prepare(t, { argv });
      await step.check();
      const { evidence, files, bytes, message, tail } = await step.run();
      assert.deepEqual(exportCommand.produces.parse(evidence), evidence);
      assert.deepEqual([evidence.prefix, files], [prefix, 1]);
      assert.deepEqual(JSON.parse(readFileSync(join(step.stored, "memory.json"), "utf8")).episodes.length, 1);
      assert.equal(bytes, readFileSync(join(step.stored, "memory.json")).length);
      assert.match(message ?? "", /^1 files, \d+ B, found at /);
      assert.match(tail ?? "", /exported 1 episode/);
      assert.deepEqual(step.open, []);
    }
  });

  test("given a file of the program's own choice, then it alone is uploaded", async (t) => {
    const folder = temporaryDirectory(t);
    writeFileSync(join(folder, "notes"), "not part of it");
    const result = join(folder, "[export] {1}*.json");
    const step = prepare(t, { argv: shell('echo "$PWD" > "$PANTHEROS_RESULT"'), result, directory: folder });
    assert.equal((await step.run()).files, 1);
    assert.deepEqual(readdirSync(step.stored), ["[export] {1}*.json"]);
    assert.equal(readFileSync(join(step.stored, "[export] {1}*.json"), "utf8"), `${folder}\n`);
  });

  test("given a symbolic link to the newest of several exports, then that one is uploaded", async (t) => {
    const folder = temporaryDirectory(t);
    const link = join(folder, "latest");
    mkdirSync(join(folder, "old"));
    writeFileSync(join(folder, "old", "data"), "old");
    symlinkSync("old", link);
    const step = prepare(t, {
      argv: shell(`cd "${folder}" && mkdir new && echo new > new/data && ln -sfn new latest`),
      result: link,
    });
    assert.equal((await step.run()).files, 1);
    assert.equal(readFileSync(join(step.stored, "data"), "utf8"), "new\n");
  });

  for (const [what, script, message] of [
    ["makes nothing", "true", /holds no files/],
    ["makes an empty file", ": > $PANTHEROS_RESULT/export.json", /all that it made is empty/],
    ["makes only folders", "mkdir -p $PANTHEROS_RESULT/a/b", /holds no files/],
  ] as const) {
    test(`given a program that ${what}, then nothing is called a backup`, async (t) => {
      const step = prepare(t, { argv: shell(script) });
      await assert.rejects(step.run(), { reason: "empty_artifact", message });
      assert.deepEqual(readdirSync(step.offsite), []);
    });
  }

  test("given a program that ends well, but leaves an older export, then it does not count", async (t) => {
    const folder = temporaryDirectory(t);
    const result = join(folder, "export.json");
    await assert.rejects(prepare(t, { argv: ["true"], result }).run(), {
      reason: "empty_artifact",
      message: /is not there/,
    });
    writeFileSync(result, "yesterday's");
    const stale = { reason: "empty_artifact", message: /nothing in .* has changed: it is an older export/ };
    await assert.rejects(prepare(t, { argv: ["true"], result }).run(), stale);
    await assert.rejects(prepare(t, { argv: ["true"], result: folder }).run(), stale);
    // Written anew, though with the time of yesterday, as tar, unzip and cp -p do: a new export.
    utimesSync(result, 1, 1);
    const preserving = shell(`cp -p ${result} ${result}.new && mv ${result}.new ${result}`);
    assert.equal((await prepare(t, { argv: preserving, result }).run()).files, 1);
  });

  test("given a program that fails, then its exit code and last words are told, and nothing is uploaded", async (t) => {
    const step = prepare(t, { argv: shell("echo data > $PANTHEROS_RESULT/half; echo no connection >&2; exit 3") });
    await assert.rejects(step.run(), (error: StepError) => {
      assert.deepEqual([error.reason, error.details.exitCode], ["unknown", 3]);
      assert.match(error.details.tail ?? "", /no connection/);
      return true;
    });
    assert.deepEqual(readdirSync(step.offsite), []);
    await assert.rejects(prepare(t, { argv: shell("kill -9 $$") }).run(), { reason: "killed" });
  });

  test("given a program that is not installed, then check says so before anything runs", async (t) => {
    await assert.rejects(prepare(t, { argv: ["no-such-exporter"] }).check(), { reason: "tool_missing" });
  });

  test("given a dry run, then the program is not started", async (t) => {
    const witness = join(temporaryDirectory(t), "witness");
    const { message } = await prepare(t, { argv: ["touch", witness] }, { dryRun: true }).run();
    assert.match(message ?? "", /^would run touch .*witness and copy what it makes to /);
    assert.equal(existsSync(witness), false);
  });

  test("given an upload that fails half-way, then what is there is left to be removed, and it can be", async (t) => {
    const step = prepare(t, { argv: shell("cd $PANTHEROS_RESULT; echo 1 > a; echo 2 > b") });
    const real = step.context.execute;
    const half: RunnerContext = {
      ...step.context,
      execute: async (call) => {
        if (call.argv[0] !== "rclone") return real(call);
        mkdirSync(step.stored);
        writeFileSync(join(step.stored, "a"), "1\n");
        throw new StepError("network", "the line broke");
      },
    };
    const options = exportCommand.options.parse({
      to: "offsite",
      prefix,
      argv: shell("cd $PANTHEROS_RESULT; echo 1 > a; echo 2 > b"),
    });
    await assert.rejects(exportCommand.run(options, half), { reason: "network" });
    assert.deepEqual(step.open, [{ destination: "offsite", prefix }]);
    await exportCommand.removeLeftover?.(step.open[0] ?? {}, step.context);
    assert.equal(existsSync(step.stored), false);
    await exportCommand.removeLeftover?.(step.open[0] ?? {}, step.context);
  });

  test("given a prefix that holds something already, or is not this run's own, then a failure removes nothing", async (t) => {
    const broken = (step: ReturnType<typeof prepare>): RunnerContext => ({
      ...step.context,
      execute: async (call) => {
        if (call.argv[0] === "rclone") throw new StepError("network", "the line broke");
        return step.context.execute(call);
      },
    });
    const argv = shell("echo 1 > $PANTHEROS_RESULT/a");
    const taken = prepare(t, { argv });
    mkdirSync(taken.stored);
    writeFileSync(join(taken.stored, "precious"), "");
    const options = exportCommand.options.parse({ to: "offsite", prefix, argv });
    await assert.rejects(exportCommand.run(options, broken(taken)), { reason: "network" });
    assert.deepEqual(taken.open, []);

    const shared = prepare(t, { argv });
    const fixed = exportCommand.options.parse({ to: "offsite", prefix: "always-here", argv });
    await assert.rejects(exportCommand.run(fixed, broken(shared)), { reason: "network" });
    assert.deepEqual(shared.open, []);
  });

  test("given S3, then the bucket's own listing is the proof", needs("s3"), async (t) => {
    const s3 = await startS3(t);
    await s3.createBucket("bucket");
    const credentials = { access_key_id: { environment: "ID" }, secret_access_key: { environment: "KEY" } };
    const offsite = { type: "s3", endpoint: s3.endpoint, bucket: "bucket", prefix: "top", ...credentials };
    const step = prepare(
      t,
      { argv: ["python3", memoryManager(t), "export"] },
      { config: contextOf({ destinations: { offsite } }).config, readSecret: () => new Secret("hunter2", "test") },
    );
    assert.equal((await step.run()).evidence.url, `s3://bucket/top/${prefix}/`);
    assert.deepEqual(await s3.keys("bucket"), [`top/${prefix}/memory.json`]);
  });
});
