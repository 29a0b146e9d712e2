import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Proof, proofOf, worstProof } from "../../src/collectors/proof.ts";
import type { LastStep } from "../../src/ledger/ledger.ts";
import type { Artifact, Observation } from "../../src/model/samples/sample.ts";

const step: LastStep = {
  ...{ job: "home", runId: "r", id: "copy", uses: "backup.restic", kind: "backup", target: "main" },
  ...{ finishedAt: 1_000_000, bytes: null, files: null, runStartedAt: 999_000 },
  evidence: { repository: "main", snapshot_id: "0123456789abcdef" },
};
const failed: Observation = {
  ...{ collector: "restic", observedAt: 2000, succeededAt: 500, attemptedAt: 2000, durationSeconds: 1 },
  ...{ error: "main: wrong password", samples: [], artifacts: [] },
};
const id = "0123456789abcdef";

/** A look that reached `main` and saw this there. */
function lookAt(
  kind: "subvolume" | "repository" | "destination",
  seen: readonly Partial<Artifact>[],
  observedAt = Date.UTC(2026, 10, 21, 8, 57, 59) / 1000,
): Observation {
  const count = {
    subvolume: { collector: "snapshots", metric: "snapshotCount", labels: { subvol: "main" } },
    repository: { collector: "restic", metric: "repositorySnapshots", labels: { repository: "main" } },
    destination: { collector: "destinations", metric: "destinationArtifacts", labels: { destination: "main" } },
  } as const;
  const { collector, ...sample } = count[kind];
  const samples = [{ ...sample, value: seen.length }] as Observation["samples"];
  const artifacts = seen.map((one) => ({ subject: "main", name: "", at: 0, ...one }));
  return { ...failed, collector, observedAt, attemptedAt: observedAt, error: null, samples, artifacts };
}

describe("what a step claims", () => {
  it("is not said to have been looked at by nobody, when somebody tried and could not", () => {
    assert.deepEqual(proofOf(step, []), { state: "unproven", why: "nobody has looked at repository main yet" });
    assert.deepEqual(proofOf(step, [failed]), {
      state: "unproven",
      why: "the last look did not get to repository main",
    });
  });

  it("is unproven until somebody has looked since, to the second", () => {
    const at = (observedAt: number) => proofOf(step, [lookAt("repository", [{ name: id }], observedAt)]);
    const why = "nobody has looked at repository main since";
    assert.deepEqual(at(999.999), { state: "unproven", why });
    assert.deepEqual(at(1000), { state: "proven", why: "seen at 1970-01-01 00:16 UTC" });
  });

  it("is proven by what is there, and else it is said what is missing", () => {
    const repository = (name: string) => proofOf(step, [lookAt("repository", [{ name }])]);
    assert.deepEqual(repository(`${id}ffff`), { state: "proven", why: "seen at 2026-11-21 08:57 UTC" });
    assert.deepEqual(repository("fedcba9876543210"), {
      state: "disagrees",
      why: `snapshot ${id} is not in repository main (looked at 2026-11-21 08:57 UTC)`,
    });
    assert.equal(proofOf({ ...step, evidence: {} }, []), null, "what claims nothing is not held against anything");
  });

  it("of a snapshot is told by its UUID where both sides know it, else by its path", () => {
    const path = "/snapshots/home.1";
    const stateOf = (evidence: LastStep["evidence"], seen: Partial<Artifact>) =>
      proofOf({ ...step, kind: "snapshot", evidence }, [lookAt("subvolume", [seen])])?.state;
    assert.equal(stateOf({ path, uuid: "1" }, { name: "/mnt/other/home.1", identity: "1" }), "proven");
    assert.equal(stateOf({ path, uuid: "1" }, { name: path, identity: "2" }), "disagrees");
    assert.equal(stateOf({ path }, { name: path, identity: "2" }), "proven");
    assert.equal(stateOf({ path, uuid: "1" }, { name: path }), "proven");
    assert.equal(stateOf({ path }, { name: "/snapshots/home.2", identity: "2" }), "disagrees");
    assert.match(
      proofOf({ ...step, kind: "snapshot", evidence: { path } }, [lookAt("subvolume", [])])?.why ?? "",
      /^\/snapshots\/home\.1 is not there \(looked/,
    );
  });

  it("at a destination is there when as much is there as was stored, or more", () => {
    const claimed = { destination: "main", prefix: "db-1", files: 2, bytes: 300 };
    const said = (seen: Partial<Artifact> | null, evidence: LastStep["evidence"] = claimed) => {
      const proof = proofOf({ ...step, evidence }, [lookAt("destination", seen === null ? [] : [seen])]);
      return proof?.state === "disagrees" ? proof.why.replace(/ \(.*/, "") : proof?.state;
    };
    const name = "db-1/";
    assert.equal(said({ name, files: 2, bytes: 300 }), "proven");
    assert.equal(said({ name, files: 3, bytes: 301 }), "proven");
    assert.equal(said({ name, files: 1, bytes: 300 }), "1 of 2 files are at db-1/ of destination main");
    assert.equal(said({ name, files: 2, bytes: 299 }), "299 B of 300 B are at db-1/ of destination main");
    assert.equal(said({ name }), "0 of 2 files are at db-1/ of destination main");
    assert.equal(said({ name, files: 2 }), "0 B of 300 B are at db-1/ of destination main");
    for (const seen of [null, { name: "db-2/", files: 2, bytes: 300 }, { name, files: 0, bytes: 0 }])
      assert.equal(said(seen), "nothing is at db-1/ of destination main");
    const untold = { destination: "main", prefix: "" };
    assert.equal(said({ name: "", files: 1, bytes: 0 }, untold), "proven");
    assert.equal(said(null, untold), "nothing is at the top of destination main");
    assert.equal(
      said({ name: "a.zst" }, { destination: "main", key: "a.zst" }),
      "proven",
      "one object counts no files",
    );
  });
});

describe("the worst of several proofs", () => {
  it("is one that disagrees, then one that is not proven; of none there is none", () => {
    const proof = (state: Proof["state"]): Proof => ({ state, why: state });
    assert.equal(worstProof([proof("proven"), proof("unproven"), proof("disagrees")])?.state, "disagrees");
    assert.equal(worstProof([proof("proven"), proof("unproven")])?.state, "unproven");
    assert.equal(worstProof([proof("proven")])?.state, "proven");
    assert.equal(worstProof([]), null);
  });
});
