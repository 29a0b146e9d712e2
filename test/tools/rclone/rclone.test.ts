import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Secret } from "../../../src/model/secret.ts";
import { parseRcloneLine, type RcloneProgress } from "../../../src/tools/rclone/output.ts";
import {
  copyWithRclone,
  type RcloneCopy,
  type RcloneDestination,
  rcloneArgv,
  rcloneEnvironment,
} from "../../../src/tools/rclone/rclone.ts";
import { recordedVersions, replay } from "../../support/rclone-recordings.ts";

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

for (const version of recordedVersions) {
  suite(`rclone ${version} as recorded`, () => {
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
  test("garbage, half a line of JSON and control characters are survived", () => {
    assert.equal(parseRcloneLine(""), null);
    assert.equal(parseRcloneLine('{"level":"err')?.level, "notice");
    assert.equal(parseRcloneLine("[1,2]")?.message, "[1,2]");
    assert.equal(parseRcloneLine('{"level":"error","msg":"a\\u001b[31mb\\nc"}')?.message, "ab c");
    const odd = parseRcloneLine('{"stats":{"bytes":-1,"totalBytes":"x","transfers":null}}')?.progress;
    assert.deepEqual(odd, { bytes: 0, totalBytes: 0, files: 0, totalFiles: 0, errors: 0 });
  });
});
