import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Reason } from "../../../src/model/run/outcome.ts";
import { isAbsent, s3Failure } from "../../../src/tools/s3/failure.ts";

const answered = (name: string, status: number) =>
  Object.assign(new Error("odd"), { name, $metadata: { httpStatusCode: status } });
const reasonOf = (cause: unknown) => s3Failure("bucket b", cause).reason;

describe("what an S3 server refuses", () => {
  for (const [reason, advice, ...codes] of [
    [
      "config",
      /create the bucket/,
      ...["NoSuchBucket", "InvalidBucketName", "NotFound", "PermanentRedirect", "AuthorizationHeaderMalformed"],
    ],
    [
      "space",
      /raise the cap/,
      ...["QuotaExceeded", "StorageCapExceeded", "XMinioStorageFull", "InsufficientStorageSpace"],
    ],
    [
      "auth",
      /check access_key_id/,
      ...["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "ExpiredToken"],
      ...["Forbidden", "Unauthorized"],
    ],
    ["throttled", /wait/, "SlowDown", "ServiceUnavailable", "ThrottlingException", "TooManyRequestsException"],
    ["source", /list the destination/, "NoSuchKey", "NoSuchVersion", "NoSuchUpload", "PreconditionFailed"],
    ["source", /list the destination/, "InvalidRange"],
    ["network", /try again/, "BadDigest", "IncompleteBody", "RequestTimeout", "XAmzContentSHA256Mismatch"],
  ] satisfies readonly [Reason, RegExp, ...string[]][]) {
    for (const code of codes) {
      it(`as ${code} is ${reason}, with what to do about it`, () => {
        const failure = s3Failure("bucket b", answered(code, 418));
        assert.equal(failure.reason, reason);
        assert.equal(failure.message, `bucket b: the server answered 418 ${code} odd`);
        assert.match(failure.details.advice ?? "", advice);
      });
    }
  }

  it("is told by the status where the code says nothing", () => {
    const statuses = [401, 403, 404, 412, 416, 429, 499, 500, 502, 503, 507];
    assert.deepEqual(
      statuses.map((status) => reasonOf(answered("Odd", status))),
      [
        ...["auth", "auth", "config", "source", "source", "throttled"],
        ...["unknown", "network", "network", "throttled", "space"],
      ],
    );
    assert.match(s3Failure("b", answered("Odd", 401)).details.advice ?? "", /check access_key_id/);
    assert.match(s3Failure("b", answered("Odd", 499)).details.advice ?? "", /its own log/);
  });

  it("is told by the code in the body before the name that the SDK gives it", () => {
    assert.equal(reasonOf(Object.assign(answered("Error", 400), { Code: "SlowDown" })), "throttled");
    assert.equal(reasonOf(Object.assign(answered("SlowDown", 400), { code: "ECONNRESET" })), "throttled");
  });

  it("is the network where nothing was answered, or nothing that S3 would", () => {
    const failure = s3Failure("bucket b", Object.assign(new Error("gone"), { code: "ECONNRESET" }));
    assert.equal(failure.reason, "network");
    assert.equal(failure.message, "bucket b cannot be reached: ECONNRESET gone");
    const page = Object.assign(answered("SyntaxError", 502), { message: "Deserialization error: odd" });
    assert.match(s3Failure("bucket b", page).message, /cannot be reached: 502 in a language that is not S3's/);
  });
});

describe("something that is not there", () => {
  it("is a key, a version or an upload, by its name or by the status, and never the bucket", () => {
    for (const name of ["NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NotFound"]) {
      assert.equal(isAbsent(Object.assign(new Error("odd"), { name })), true, name);
    }
    assert.equal(isAbsent(answered("Odd", 404)), true);
    assert.equal(isAbsent(answered("NoSuchBucket", 404)), false);
    assert.equal(isAbsent(answered("AccessDenied", 403)), false);
    assert.equal(isAbsent(new Error("odd")), false);
  });
});
