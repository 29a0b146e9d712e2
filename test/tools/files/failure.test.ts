import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileFailure } from "../../../src/tools/files/failure.ts";

describe("a file that cannot be written", () => {
  for (const [code, reason, advice] of [
    ["ENOSPC", "space", /^free space there$/],
    ["EDQUOT", "space", /quota/],
    ["EACCES", "auth", /let the user of pantheros/],
    ["EPERM", "auth", /let the user of pantheros/],
    ["EROFS", "config", /remount it read-write/],
    ["ENOENT", "source", /mounted/],
    ["EIO", "unknown", /dmesg/],
  ] as const) {
    it(`because of ${code} is ${reason}, with what to do about that`, () => {
      const cause = Object.assign(new Error("no"), { code });
      const failure = fileFailure("/srv/file", cause);
      assert.deepEqual([failure.reason, failure.message, failure.cause], [reason, "/srv/file: no", cause]);
      assert.match(failure.details.advice ?? "", advice);
      assert.equal(
        fileFailure("/srv/file", cause, "name another folder").details.advice,
        `${failure.details.advice}, or name another folder`,
      );
    });
  }
});
