import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { objectives } from "../../src/collectors/objectives.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { configOf, day, emptyLedger, hour, noon, observe, readable, record } from "./ledger.ts";

const snapshotId = "cfe0ee31aa";

describe("the collector objectives", () => {
  const promised = configOf({
    jobs: { a: { steps: [{ uses: "backup.restic" }] }, b: { steps: [{ uses: "backup.restic" }] } },
    objectives: { data: { jobs: ["a", "b"], rpo: "24h" } },
  });
  const judge = (ledger: Ledger) => readable(objectives.collect({ config: promised, ledger, now: noon }));

  it("is as old as the oldest of its jobs' newest backups", () => {
    const ledger = emptyLedger();
    record(ledger, noon - 5 * hour, { job: "a" });
    record(ledger, noon - hour, { job: "a" });
    record(ledger, noon - 3 * hour, { job: "b" });
    assert.deepEqual(judge(ledger), {
      "objectiveRpoPromised{objective=data}": 24 * hour,
      "objectiveRpoActual{objective=data}": noon - 3 * hour,
    });
  });

  it("is unknown, not well, while one of its jobs has never backed anything up", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "a" });
    assert.deepEqual(judge(ledger), { "objectiveRpoPromised{objective=data}": 24 * hour });
  });

  it("does not take a snapshot on the same disk for the backup that a job did not make", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "a", kind: "snapshot", target: "docs" });
    record(ledger, noon - hour, { job: "b" });
    assert.equal(judge(ledger)["objectiveRpoActual{objective=data}"], undefined);
  });

  it("does not count a backup that nobody else can see", () => {
    const ledger = emptyLedger();
    for (const job of ["a", "b"])
      record(ledger, noon - hour, { job, evidence: { repository: "main", snapshot_id: snapshotId } });
    observe(ledger, "restic", noon, "main", []);
    assert.equal(judge(ledger)["objectiveRpoActual{objective=data}"], undefined);
  });

  it("measures the recovery time by the slowest of its drills; without one it is not known", () => {
    const config = configOf({
      jobs: { a: { steps: [{ uses: "x" }] } },
      objectives: { data: { jobs: ["a"], rto: "1h" } },
    });
    const ledger = emptyLedger();
    const seen = () => readable(objectives.collect({ config, ledger, now: noon }));
    assert.deepEqual(seen(), { "objectiveRtoPromised{objective=data}": hour });
    record(ledger, noon, { job: "a", id: "one", kind: "drill", evidence: { rto_seconds: 12 } });
    record(ledger, noon, { job: "a", id: "two", kind: "drill", evidence: { rto_seconds: 90 } });
    assert.equal(seen()["objectiveRtoActual{objective=data}"], 90);
  });
});

describe("copies of a data set (3-2-1)", () => {
  const password = { file: "/p" };
  const config = configOf({
    repositories: {
      hub: { repository: "rest:https://hub.example/", password, medium: "hub" },
      cloud: { repository: "s3:https://s3.example/b", password, offsite: true },
    },
    destinations: { peer: { type: "local", path: "/peer", offsite: true, medium: "hub" } },
    subvolumes: { docs: { path: "/docs", snapshots: "/snapshots" } },
    jobs: { a: { steps: [{ uses: "backup.restic" }] } },
    objectives: { data: { jobs: ["a"], repositories: ["hub"], rpo: "24h", copies: 3, offsite_copies: 1 } },
  });
  const count = (ledger: Ledger, now = noon) => {
    const seen = readable(objectives.collect({ config, ledger, now }));
    return ["Copies", "Offsite", "Media"].map((what) => seen[`objective${what}{objective=data}`]);
  };
  const backUp = (ledger: Ledger) =>
    record(ledger, noon - hour, { job: "a", target: "cloud", evidence: { repository: "cloud", snapshot_id: "c1" } });
  const cloudSees = (ledger: Ledger, name: string) => observe(ledger, "restic", noon, "cloud", [{ name, at: noon }]);

  it("publishes what is promised beside what is there; the original is the first copy", () => {
    const seen = readable(objectives.collect({ config, ledger: emptyLedger(), now: noon }));
    assert.equal(seen["objectiveCopiesPromised{objective=data}"], 3);
    assert.equal(seen["objectiveOffsitePromised{objective=data}"], 1);
    assert.deepEqual(count(emptyLedger()), [1, 0, 1]);
  });

  it("counts what its own place has listed, not what a job claims", () => {
    const ledger = emptyLedger();
    backUp(ledger);
    assert.deepEqual(count(ledger), [1, 0, 1]);
    cloudSees(ledger, "c1");
    assert.deepEqual(count(ledger), [2, 1, 2]);
    cloudSees(ledger, "another");
    assert.deepEqual(count(ledger), [1, 0, 1]);
  });

  it("counts no snapshot on the same disk", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "a", id: "snap", kind: "snapshot", target: "docs", evidence: { path: "/s/1" } });
    observe(ledger, "snapshots", noon, "docs", [{ name: "/s/1", at: noon }]);
    assert.deepEqual(count(ledger), [1, 0, 1]);
  });

  it("counts a repository that others fill, and two places on one medium as one medium", () => {
    const ledger = emptyLedger();
    observe(ledger, "restic", noon, "hub", [{ name: "h1", at: noon - hour }]);
    const evidence = { destination: "peer", prefix: "repo", files: 1, bytes: 1 };
    record(ledger, noon - hour, { job: "a", id: "sync", kind: "copy", target: "peer", evidence });
    observe(ledger, "destinations", noon, "peer", [{ name: "repo/", at: noon, files: 1, bytes: 1 }]);
    assert.deepEqual(count(ledger), [3, 1, 2]);
  });

  it("does not count what is older than the recovery point allows", () => {
    const ledger = emptyLedger();
    backUp(ledger);
    cloudSees(ledger, "c1");
    assert.deepEqual(count(ledger, noon + day), [1, 0, 1]);
  });
});
