import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { artifactsOf, provedBy } from "../../../src/model/run/evidence.ts";
import type { Step } from "../../../src/model/run/run.ts";

const done = { id: "a", target: "home", outcome: "success", files: null, bytes: null, evidence: {} } as const;
const left = (step: Partial<Step>) => artifactsOf({ ...done, kind: "backup", ...step });
const proved = (step: Partial<Step>) => provedBy({ ...done, kind: "backup", ...step });

describe("what a step has left behind, for a person", () => {
  it("a snapshot by its path, what lies in a repository by its short id, what was copied by its name", () => {
    assert.deepEqual(left({ kind: "snapshot", evidence: { path: "/s/1" } }), ["/s/1"]);
    assert.deepEqual(left({ evidence: { repository: "main", snapshot_id: "0123456789ab" } }), [
      "snapshot 01234567 in main",
    ]);
    assert.deepEqual(left({ evidence: { destination: "b2", prefix: "p" } }), ["p/ at b2"]);
    assert.deepEqual(left({ evidence: { destination: "b2", prefix: "" } }), ["the top at b2"]);
  });

  it("four of many are named, the others counted", () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `snapshot${index}`);
    const named = (count: number) => left({ evidence: { repository: "main", snapshot_ids: many(count) } });
    assert.equal(named(4).length, 4);
    assert.deepEqual(named(6).slice(3), ["snapshot snapshot in main", "and 2 more in main"]);
  });

  it("is nothing when it failed", () => {
    assert.deepEqual(left({ kind: "snapshot", outcome: "failed", evidence: { path: "/s/1" } }), []);
  });
});

describe("what a step has proved, in a few words", () => {
  it("a drill how long it took, and whether that is reckoned", () => {
    const drill = (evidence: Record<string, unknown>) => proved({ kind: "drill", evidence });
    assert.deepEqual(drill({ rto_seconds: 90 }), ["a: restored in 1m 30s"]);
    assert.deepEqual(drill({ rto_seconds: 0, rto_estimated: true }), ["a: restored in 0s (reckoned)"]);
    assert.deepEqual(drill({ rto_seconds: -1 }), []);
  });

  it("a check how much it has read back", () => {
    assert.deepEqual(proved({ kind: "check", evidence: { coverage_ratio: 0.256 } }), ["a: 26 % read back"]);
    assert.deepEqual(proved({ kind: "check" }), ["a: read back"]);
  });

  it("the others how much it was, as far as they know", () => {
    assert.deepEqual(proved({ files: 2, bytes: 1024 }), ["a: 2 files, 1.0 KiB"]);
    assert.deepEqual(proved({ files: 0 }), ["a: 0 files"]);
    assert.deepEqual(proved({ evidence: { rto_seconds: 90, coverage_ratio: 1 } }), []);
    assert.deepEqual(proved({ outcome: "partial", files: 2 }), []);
  });
});
