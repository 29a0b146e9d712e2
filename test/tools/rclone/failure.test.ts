import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Reason } from "../../../src/model/run/outcome.ts";
import { Secret } from "../../../src/model/secret.ts";
import type { Execute } from "../../../src/tools/exec.ts";
import { copyWithRclone, type RcloneCopy } from "../../../src/tools/rclone/rclone.ts";
import { failureOf } from "../../support/failure.ts";
import { recordedCases, recordedVersions, replay, saying } from "../../support/rclone-recordings.ts";

const key = new Secret("the-key", "test");
const copy: RcloneCopy = {
  mode: "copy",
  source: "/data",
  destination: {
    ...{ type: "s3", endpoint: "https://s3.example", region: "eu", bucket: "bucket" },
    ...{ accessKeyId: key, secretAccessKey: key },
  },
  prefix: "some/prefix",
};

const failureWith = (execute: Execute) => failureOf(copyWithRclone(copy, execute, () => undefined));

/** Every failure that was recorded, and the words that a person has to read. */
const failures: Readonly<Record<string, readonly [Reason, RegExp]>> = {
  "access-denied": ["auth", /AccessDenied/],
  "invalid-access-key": ["auth", /InvalidAccessKeyId/],
  "signature-mismatch": ["auth", /SignatureDoesNotMatch/],
  "put-access-denied": ["auth", /(?:one\.txt|sub\/big) of \/data: .*AccessDenied/],
  clock: ["auth", /RequestTimeTooSkewed/],
  "no-such-bucket": ["config", /NoSuchBucket: The specified bucket does not exist/],
  "bucket-name": ["config", /InvalidBucketName/],
  "wrong-region": ["config", /AuthorizationHeaderMalformed/],
  "other-endpoint": ["config", /PermanentRedirect|MovedPermanently/],
  "destination-unwritable": ["config", /mkdir .*permission denied/],
  "destination-read-only": ["config", /read-only file system/],
  "destination-is-a-file": ["config", /not a directory/],
  usage: ["config", /unknown flag/],
  "slow-down": ["throttled", /SlowDown/],
  "put-slow-down": ["throttled", /reduce your request rate/],
  "too-many-requests": ["throttled", /TooManyRequests/],
  unavailable: ["throttled", /ServiceUnavailable/],
  refused: ["network", /connection refused/],
  "no-such-host": ["network", /no such host/],
  "black-hole": ["network", /timeout awaiting response headers/],
  "put-silent": ["network", /timeout/],
  reset: ["network", /connection reset by peer/],
  untrusted: ["network", /x509: certificate signed by unknown authority/],
  "not-tls": ["network", /HTTP response to HTTPS client/],
  "server-error": ["network", /InternalError/],
  "bad-gateway": ["network", /BadGateway/],
  "no-space": ["space", /sub\/big of \/data: preallocate: file too big for remaining disk space/],
  "put-cap-exceeded": ["space", /storage cap exceeded/],
  "put-quota": ["space", /InsufficientStorage/],
  quota: ["space", /disk quota exceeded/],
  "source-missing": ["source", /directory not found/],
  "source-unreadable": ["source", /sub\/big of \/data: failed to open source object.*permission denied/],
  "source-folder-unreadable": ["source", /failed to open directory "sub"/],
  sigint: ["killed", /ended by SIGINT/],
  sigterm: ["killed", /ended by SIGTERM/],
  sigkill: ["killed", /ended by SIGKILL/],
  "out-of-memory": ["oom", /out of memory/],
};
const successes = ["copied", "dry-run"];

for (const version of recordedVersions) {
  suite(`failures of rclone ${version} as recorded`, () => {
    for (const name of recordedCases(version).filter((name) => !successes.includes(name))) {
      const [reason, says] = failures[name] ?? [];
      test(`${name} is ${reason}, in one sentence and with the next step`, async () => {
        assert.ok(reason && says, "every recording has its reason");
        const failure = await failureWith(replay(version, name).execute);
        assert.equal(failure.reason, reason, failure.message);
        assert.match(failure.message, says);
        assert.doesNotMatch(failure.message, /\n|request id|RequestID|Attempt 1/);
        assert.ok(failure.details.advice);
        assert.doesNotMatch(failure.details.tail ?? "", /^\{/m, "the tail is for people, not JSON");
      });
    }

    test("nothing that is expected was left out of the recordings", () => {
      const missing = Object.keys(failures).filter((name) => !recordedCases(version).includes(name));
      // 1.60 asks again and again when it is sent to another endpoint, without an end: there is nothing to record.
      assert.deepEqual(missing, version.startsWith("1.60.") ? ["other-endpoint"] : []);
    });
  });
}

suite("failures of rclone in general", () => {
  const reasonOf = async (stderr: string, end: number | string) => (await failureWith(saying(stderr, end))).reason;
  const error = (msg: string) => JSON.stringify({ level: "error", msg, object: "x", objectType: "*local.Object" });

  test("an exit code without a word is unknown, never a success", async () => {
    assert.equal(await reasonOf("", 1), "unknown");
    assert.equal(await reasonOf("", 77), "unknown");
    assert.equal(await reasonOf(error("the moon is full"), 1), "unknown");
  });

  test("the exit code speaks where the words do not", async () => {
    assert.equal(await reasonOf("gibberish", 3), "source");
    assert.equal(await reasonOf("gibberish", 4), "source");
    assert.equal(await reasonOf("gibberish", 5), "network");
  });

  for (const [reason, ...said] of [
    ["oom", "runtime/cgo: cannot allocate memory"],
    [
      "source",
      "failed to read directory entry: lstat x: input/output error",
      'error reading source directory "x": input/output error',
      "directory not found",
      "can't copy - source file is being updated (size changed from 1 to 2)",
    ],
    ["verification", "object not found"],
    ["space", "write x: no space left on device", "QuotaExceeded: too much", "write x: file too large"],
    ["network", "x509: signed by an unknown authority", "the certificate has expired"],
    ["config", 'Put "ftp://h/x": unsupported protocol scheme "ftp"', "write x: permission denied"],
    [
      "auth",
      ...["AccessDenied: no", "InvalidAccessKeyId: no", "SignatureDoesNotMatch: no", "RequestTimeTooSkewed: no"],
      ...["Forbidden: no", "Unauthorized: no", "status code: 401", "StatusCode: 403"],
    ],
    [
      "throttled",
      ...["SlowDown: wait", "Please reduce your request rate.", "ServiceUnavailable: wait", "TooManyRequests: wait"],
      ...["ThrottlingException: wait", "status code: 429", "StatusCode: 503"],
    ],
    [
      "network",
      ...["connection reset by peer", "dial tcp: lookup s3.example: no such host", "i/o timeout", "it timed out"],
      ...["context deadline exceeded", "network is unreachable", "no route to host", "broken pipe", "unexpected EOF"],
      ...["remote error: TLS: handshake failure", "server gave HTTP response to HTTPS client", "InternalError: odd"],
      ...["status code: 502", "request send failed", "send request failed"],
    ],
  ] satisfies readonly [Reason, ...string[]][]) {
    for (const words of said) {
      test(`"${words}" is ${reason}`, async () => assert.equal(await reasonOf(error(words), 1), reason));
    }
  }

  test("the exit code 2 is the configuration's, unless a program of Go's breaks down with it", async () => {
    assert.equal(await reasonOf("gibberish", 2), "config");
    assert.equal(await reasonOf("fatal error: all goroutines are asleep - deadlock!", 2), "unknown");
  });

  test("the sentence names the file, and how many errors there were when there was more than one", async () => {
    const stats = (errors: number) => JSON.stringify({ level: "notice", msg: "", stats: { errors } });
    const said = async (...lines: string[]) => (await failureWith(saying(lines.join("\n"), 1))).message;
    const whole = JSON.stringify({ level: "error", msg: "odd" });
    assert.equal(await said(error("odd"), stats(1)), "rclone could not copy x of /data: odd");
    assert.equal(await said(whole, stats(2)), "rclone could not copy /data: odd (2 errors in all)");
    assert.match(await said(""), /^rclone ended with exit code 1 while it copied \/data$/);
  });

  test("a program that breaks down is not wrongly configured, although both end with 2", async () => {
    assert.equal(await reasonOf("panic: runtime error: index out of range\n\ngoroutine 1 [running]:", 2), "unknown");
    assert.equal(await reasonOf("runtime/cgo: pthread_create failed: Resource temporarily unavailable", 2), "unknown");
    assert.equal(await reasonOf("fatal error: runtime: out of memory", 2), "oom");
  });

  test("a file that is called like an error does not become that error", async () => {
    const missing = "Failed to copy: failed to open source object: open /AccessDenied: no such file or directory";
    assert.equal(await reasonOf(error(missing), 1), "source");
    assert.equal(await reasonOf(error("Failed to copy: mkdir /no space left/x: read-only file system"), 1), "config");
    assert.equal(await reasonOf(error('Failed to copy: Put "https://h/SlowDown/x": connection refused'), 1), "network");
  });
});
