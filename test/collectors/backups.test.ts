import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backups } from "../../src/collectors/backups.ts";
import { objectives } from "../../src/collectors/objectives.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { configOf, emptyLedger, hour, noon, observe, readable, record } from "./ledger.ts";

const config = configOf({});
const look = (ledger: Ledger) => readable(backups.collect({ config, ledger, now: noon }));
const snapshotId = "cfe0ee31aa";

describe("the collector backups", () => {
  it("shows time and size of the last success, not of a failure after it", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "home", bytes: 100 });
    record(ledger, noon, { job: "home", outcome: "failed", reason: "network" });
    const seen = look(ledger);
    assert.equal(seen["backupNewest{job=home,target=main}"], noon - hour);
    assert.equal(seen["backupSize{job=home,target=main}"], 100);
  });

  it("finds a claim proven when somebody else sees the artifact, also by the short id that old restics print", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "home", evidence: { snapshot_id: "cfe0ee31" } });
    observe(ledger, "restic", noon, "main", [{ name: snapshotId, at: noon - hour }]);
    assert.equal(look(ledger)["jobProven{job=home,target=main}"], 1);
  });

  it("finds a claim refuted when a later look does not see it: the job says success, the repository says no", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "home", evidence: { snapshot_id: snapshotId } });
    observe(ledger, "restic", noon, "main", [{ name: "another", at: noon - hour }]);
    assert.equal(look(ledger)["jobProven{job=home,target=main}"], 0);
  });

  it("says neither while nothing has looked since, or the look did not reach the target", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "home", evidence: { snapshot_id: snapshotId } });
    assert.equal(look(ledger)["jobProven{job=home,target=main}"], undefined);
    observe(ledger, "restic", noon - 2 * hour, "main", []);
    assert.equal(look(ledger)["jobProven{job=home,target=main}"], undefined);
    observe(ledger, "restic", noon, "another", []);
    assert.equal(look(ledger)["jobProven{job=home,target=main}"], undefined);
  });

  it("holds a snapshot against the snapshots that exist, by its path", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "home", kind: "snapshot", target: "docs", evidence: { path: "/s/docs.1" } });
    observe(ledger, "snapshots", noon, "docs", [{ name: "/s/docs.1", at: noon - hour }]);
    assert.equal(look(ledger)["jobProven{job=home,target=docs}"], 1);
  });

  it("remembers when pruning last succeeded", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "home", kind: "prune", target: "docs" });
    assert.equal(look(ledger)["pruneLastSuccess{subject=docs}"], noon - hour);
  });
});

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
    for (const job of ["a", "b"]) record(ledger, noon - hour, { job, evidence: { snapshot_id: snapshotId } });
    observe(ledger, "restic", noon, "main", []);
    assert.equal(judge(ledger)["objectiveRpoActual{objective=data}"], undefined);
  });
});
