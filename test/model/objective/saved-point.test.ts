import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pointOfRun } from "../../../src/model/objective/saved-point.ts";

const run = { id: "r", startedAt: 1_000_000 };
type Part = Parameters<typeof pointOfRun>[1][number];
const part = (
  target: string,
  outcome: Part["outcome"],
  finishedAt = 1_060_000,
  kind: Part["kind"] = "backup",
): Part => {
  return { kind, target, outcome, finishedAt };
};

describe("what a run has saved", () => {
  it("is as old as its start, and can be used when its last part has ended", () => {
    const point = pointOfRun(run, [part("b2", "success"), part("b2", "success", 1_090_000)]);
    assert.deepEqual(point, { startedAt: 1000, finishedAt: 1090, runId: "r" });
    assert.deepEqual(pointOfRun(run, [part("b2", "success", 1_090_000, "copy")]), point);
  });

  it("is nothing when one of its parts at a place is missing", () => {
    for (const outcome of ["failed", "partial", "skipped", null] as const) {
      assert.equal(pointOfRun(run, [part("b2", "success"), part("b2", outcome)]), null, String(outcome));
    }
  });

  it("is whole at one place when another has failed, and usable as soon as one place has it", () => {
    assert.equal(pointOfRun(run, [part("b2", "success"), part("nas", "failed")])?.finishedAt, 1060);
    assert.equal(pointOfRun(run, [part("b2", "success"), part("nas", "success", 1_030_000)])?.finishedAt, 1030);
  });

  it("is its snapshots only where it makes no backup", () => {
    const snapshot = part("home", "success", 1_010_000, "snapshot");
    assert.equal(pointOfRun(run, [snapshot])?.finishedAt, 1010);
    assert.equal(pointOfRun(run, [snapshot, part("b2", "failed")]), null);
    assert.equal(pointOfRun(run, [part("b2", "success", 1, "prune"), part("b2", "success", 1, "drill")]), null);
  });
});
