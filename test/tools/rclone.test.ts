import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { Reason, StepError } from "../../src/model/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Execute, ToolCall } from "../../src/tools/exec.ts";
import {
  copyWithRclone,
  type RcloneCopy,
  type RcloneDestination,
  rcloneArgv,
  rcloneEnvironment,
} from "../../src/tools/rclone.ts";
import { parseRcloneLine, type RcloneProgress } from "../../src/tools/rclone-output.ts";

const s3: RcloneDestination = {
  type: "s3",
  endpoint: "https://s3.example",
  region: "eu",
  bucket: "bucket",
  accessKeyId: new Secret("the-key-id", "test"),
  secretAccessKey: new Secret("the-key", "test"),
};
const copy: RcloneCopy = { mode: "copy", source: "/data", destination: s3, prefix: "some/prefix" };

suite("the call of rclone", () => {
  test("secrets travel in the environment, never in argv", () => {
    assert.doesNotMatch(rcloneArgv(copy).join(" "), /the-key/);
    const environment = rcloneEnvironment(s3);
    assert.equal(environment["RCLONE_CONFIG_DESTINATION_SECRET_ACCESS_KEY"], s3.secretAccessKey);
    assert.doesNotMatch(JSON.stringify(environment), /the-key/);
  });

  test("no configuration of the user's is read and no bucket is created", () => {
    const argv = rcloneArgv(copy);
    assert.equal(argv[argv.indexOf("--config") + 1], "/dev/null");
    assert.equal(rcloneEnvironment(s3)["RCLONE_CONFIG_DESTINATION_NO_CHECK_BUCKET"], "true");
    assert.equal(rcloneEnvironment(s3)["RCLONE_CONFIG_DESTINATION_ENV_AUTH"], "false");
  });

  test("source and destination are the last two words, whatever they are called", () => {
    for (const source of ["/a:b", "/-rf", "/with space\n'\"", "/$(id)"]) {
      assert.deepEqual(rcloneArgv({ ...copy, source }).slice(-2), [source, "destination:bucket/some/prefix/"]);
    }
    assert.equal(rcloneArgv({ ...copy, prefix: "" }).at(-1), "destination:bucket/");
    assert.equal(rcloneArgv({ ...copy, destination: { type: "local", path: "/mnt/b" } }).at(-1), "/mnt/b/some/prefix/");
  });

  test("a pattern that begins with a dash stays a value", () => {
    assert.ok(rcloneArgv({ ...copy, exclude: ["--delete-excluded"] }).includes("--exclude=--delete-excluded"));
  });
});

/** An rclone that says what the real one said. */
function replay(version: string, name: string): { execute: Execute; calls: ToolCall[] } {
  const folder = join(import.meta.dirname, "../fixtures/rclone", version);
  const exitCode = (JSON.parse(readFileSync(join(folder, "exit-codes.json"), "utf8")) as Record<string, number>)[name];
  const stderr = readFileSync(join(folder, `${name}.jsonl`), "utf8");
  const calls: ToolCall[] = [];
  const execute: Execute = async (call) => {
    calls.push(call);
    for (const line of stderr.trimEnd().split("\n")) call.onStderrLine?.(line);
    return { argv: call.argv, exitCode: exitCode ?? null, signal: null, stdout: "", stderr, durationSeconds: 1 };
  };
  return { execute, calls };
}

async function failureOf(version: string, name: string): Promise<StepError> {
  try {
    await copyWithRclone(copy, replay(version, name).execute, () => undefined);
  } catch (error) {
    return error as StepError;
  }
  return assert.fail(`${name} was taken for a success`);
}

const failures: Readonly<Record<string, { readonly reason: Reason; readonly says: RegExp }>> = {
  "access-denied": { reason: "auth", says: /AccessDenied/ },
  "invalid-access-key": { reason: "auth", says: /InvalidAccessKeyId/ },
  "signature-mismatch": { reason: "auth", says: /SignatureDoesNotMatch/ },
  "no-such-bucket": { reason: "config", says: /NoSuchBucket: The specified bucket does not exist/ },
  "slow-down": { reason: "throttled", says: /SlowDown/ },
  refused: { reason: "network", says: /connection refused/ },
  "no-such-host": { reason: "network", says: /no such host/ },
  "black-hole": { reason: "network", says: /timeout awaiting response headers/ },
  "no-space": { reason: "space", says: /sub\/big of \/data: preallocate: file too big for remaining disk space/ },
  "source-missing": { reason: "source", says: /directory not found/ },
  "source-unreadable": {
    reason: "source",
    says: /sub\/big of \/data: failed to open source object.*permission denied/,
  },
  "source-folder-unreadable": { reason: "source", says: /failed to open directory "sub"/ },
  "destination-unwritable": { reason: "config", says: /mkdir .*permission denied/ },
};

for (const version of readdirSync(join(import.meta.dirname, "../fixtures/rclone")).filter((name) => /^\d/.test(name))) {
  suite(`rclone ${version} as recorded`, () => {
    for (const [name, { reason, says }] of Object.entries(failures)) {
      test(`${name} is ${reason}, in one sentence and with the next step`, async () => {
        const failure = await failureOf(version, name);
        assert.equal(failure.reason, reason);
        assert.match(failure.message, says);
        assert.doesNotMatch(failure.message, /\n|request id|RequestID|Attempt 1/);
        assert.ok(failure.details.advice);
        assert.ok(failure.details.tail);
        assert.doesNotMatch(failure.details.tail, /^\{/m, "the tail is for people, not JSON");
      });
    }

    test("a copy reports bytes and files as they grow, and ends with all of them", async () => {
      const seen: RcloneProgress[] = [];
      const report = await copyWithRclone(copy, replay(version, "copied").execute, (progress) => seen.push(progress));
      assert.ok(seen.length > 1);
      assert.ok((seen[0]?.bytes ?? 0) < 3_000_003);
      assert.deepEqual({ bytes: report.bytes, files: report.files }, { bytes: 3_000_003, files: 2 });
    });

    test("a dry run tells what it would move", async () => {
      const { execute, calls } = replay(version, "dry-run");
      const report = await copyWithRclone({ ...copy, dryRun: true }, execute, () => undefined);
      assert.equal(report.files, 2);
      assert.ok(calls[0]?.argv.includes("--dry-run"));
      assert.match(report.tail, /sub\/big: Skipped copy as --dry-run is set/);
    });
  });
}

suite("what nobody foresaw", () => {
  const ended = (stderr: string, exitCode: number | null, signal: string | null = null): Execute => {
    return async (call) => {
      for (const line of stderr.split("\n")) call.onStderrLine?.(line);
      return { argv: call.argv, exitCode, signal, stdout: "", stderr, durationSeconds: 1 };
    };
  };
  const reasonOf = (execute: Execute) =>
    copyWithRclone(copy, execute, () => undefined).then(
      () => "success",
      (error: StepError) => error.reason,
    );

  test("an exit code without a word is unknown, never a success", async () => {
    assert.equal(await reasonOf(ended("", 1)), "unknown");
    assert.equal(await reasonOf(ended("", 77)), "unknown");
  });

  test("the exit code speaks where the words do not", async () => {
    assert.equal(await reasonOf(ended("gibberish", 3)), "source");
    assert.equal(await reasonOf(ended("gibberish", 5)), "network");
  });

  test("an rclone that was killed is killed", async () => {
    assert.equal(await reasonOf(ended("", null, "SIGKILL")), "killed");
  });

  test("a full Backblaze account answers 403 and is space, not auth", async () => {
    const line = `{"level":"error","msg":"Failed to copy: AccessDenied: Cannot upload files, storage cap exceeded. status code: 403"}`;
    assert.equal(await reasonOf(ended(line, 1)), "space");
  });

  test("a file that is called like an error does not become that error", async () => {
    const line = `{"level":"error","msg":"Failed to copy: failed to open source object: open /AccessDenied: no such file or directory","object":"AccessDenied","objectType":"*local.Object"}`;
    assert.equal(await reasonOf(ended(line, 1)), "source");
  });

  test("garbage, half a line of JSON and control characters are survived", () => {
    assert.equal(parseRcloneLine(""), null);
    assert.equal(parseRcloneLine('{"level":"err')?.level, "notice");
    assert.equal(parseRcloneLine("[1,2]")?.message, "[1,2]");
    assert.equal(parseRcloneLine('{"level":"error","msg":"a\\u001b[31mb\\nc"}')?.message, "ab c");
    const odd = parseRcloneLine('{"stats":{"bytes":-1,"totalBytes":"x","transfers":null}}')?.progress;
    assert.deepEqual(odd, { bytes: 0, totalBytes: 0, files: 0, totalFiles: 0, errors: 0 });
  });
});
