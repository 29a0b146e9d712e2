import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { claimOf } from "../../../src/model/run/claim.ts";
import type { StepKind } from "../../../src/model/run/run.ts";

const claim = (kind: StepKind, evidence: Record<string, unknown>, target: string | null = "main") =>
  claimOf({ kind, target, evidence });

describe("what a step claims", () => {
  it("a snapshot is a path of its subvolume", () => {
    assert.deepEqual(claim("snapshot", { path: "/s/1", uuid: "u" }), {
      kind: "subvolume",
      subject: "main",
      path: "/s/1",
      uuid: "u",
    });
  });

  it("a restic backup is its snapshots, one or several", () => {
    const one = { kind: "repository", subject: "main", snapshotIds: ["a"] };
    assert.deepEqual(claim("backup", { repository: "main", snapshot_id: "a", bytes: 1 }), one);
    assert.deepEqual(claim("backup", { repository: "main", snapshot_id: "b", snapshot_ids: ["a", "b"] }), {
      ...one,
      snapshotIds: ["a", "b"],
    });
  });

  it("a copied folder is what lies below its prefix, an archive one object", () => {
    assert.deepEqual(claim("copy", { destination: "b2", prefix: "p/x", files: 2, bytes: 9 }), {
      kind: "destination",
      subject: "b2",
      name: "p/x/",
      files: 2,
      bytes: 9,
    });
    assert.deepEqual(claim("backup", { destination: "b2", key: "h/a.zst", stored_bytes: 7, bytes: 9 }), {
      kind: "destination",
      subject: "b2",
      name: "h/a.zst",
      files: null,
      bytes: 7,
    });
  });

  it("names a folder with one slash at its end, the top with none, and amounts only where they are numbers", () => {
    const { name, bytes } = {
      name: null,
      bytes: null,
      ...claim("copy", { destination: "b2", prefix: "", bytes: "9" }),
    };
    assert.deepEqual([name, bytes], ["", null]);
    for (const prefix of ["p", "p/"])
      assert.deepEqual(claim("copy", { destination: "b2", prefix, bytes: Number.NaN, files: 1 }), {
        ...{ kind: "destination", subject: "b2" },
        ...{ name: "p/", bytes: null, files: 1 },
      });
  });

  it("is nothing for a dry run's empty id, for what has no target, and for steps that leave nothing behind", () => {
    assert.equal(claim("backup", { repository: "main", snapshot_id: "" }), null);
    assert.equal(claim("backup", { repository: "main", snapshot_id: "a" }, null), null);
    for (const kind of ["prune", "check", "drill", "other"] as const)
      assert.equal(claim(kind, { repository: "main", snapshot_id: "a" }), null);
    for (const evidence of [{}, { prefix: "p" }, { destination: "b2" }, { destination: "b2", prefix: 7 }])
      assert.equal(claim("backup", evidence), null);
    assert.equal(claim("snapshot", { uuid: "u" }), null);
  });
});
