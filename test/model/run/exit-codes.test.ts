import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exitCodeOf, exitCodes } from "../../../src/model/run/exit-codes.ts";

describe("exit codes", () => {
  const failed = (reason: "network" | "timeout" | "cancelled") => ({ outcome: "failed", reason }) as const;
  const success = { outcome: "success", reason: null } as const;

  it("tell how a run ended", () => {
    assert.equal(exitCodeOf(success, false, null), 0);
    assert.equal(exitCodeOf(failed("network"), false, null), 1);
    assert.equal(exitCodeOf({ outcome: "partial", reason: "source" }, false, null), 3);
    assert.equal(exitCodeOf({ outcome: "skipped", reason: "locked" }, false, null), 4);
    assert.equal(exitCodeOf(failed("timeout"), false, null), 124);
  });

  it("tell by which signal it was stopped; whoever else has stopped it ended it", () => {
    for (const [signal, code] of [
      ["SIGHUP", 129],
      ["SIGINT", 130],
      ["SIGTERM", 143],
      [null, 143],
    ] as const)
      assert.equal(exitCodeOf(failed("cancelled"), false, signal), code);
  });

  it("tell that a success is in no journal, but never hide a failure behind that", () => {
    assert.equal(exitCodeOf(success, true, null), 3);
    assert.equal(exitCodeOf(failed("network"), true, null), 1);
    assert.equal(exitCodeOf({ outcome: "skipped", reason: "condition" }, true, null), 4);
  });

  it("of commands that run no job are as scripts know them", () => {
    assert.deepEqual([exitCodes.usage[0], exitCodes.pending[0]], [2, 5]);
  });
});
