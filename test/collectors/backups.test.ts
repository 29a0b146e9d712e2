import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backups, prunedKinds } from "../../src/collectors/backups.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { loadRunners } from "../../src/runners/index.ts";
import { configOf, emptyLedger, hour, noon, observe, readable, record } from "./ledger.ts";

const step = (id: string) => ({ id, uses: "backup.restic" });
const pruning = { steps: [{ id: "old", uses: "prune.snapshots" }] };
const config = configOf({
  jobs: {
    home: { steps: [step("step_1"), step("graph"), step("cache"), ...pruning.steps] },
    other: pruning,
    far: pruning,
  },
});
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
    record(ledger, noon - hour, { job: "home", evidence: { repository: "main", snapshot_id: "cfe0ee31" } });
    observe(ledger, "restic", noon, "main", [{ name: snapshotId, at: noon - hour }]);
    assert.equal(look(ledger)["jobProven{job=home,target=main}"], 1);
  });

  it("finds a claim refuted when a later look does not see it: the job says success, the repository says no", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "home", evidence: { repository: "main", snapshot_id: snapshotId } });
    observe(ledger, "restic", noon, "main", [{ name: "another", at: noon - hour }]);
    assert.equal(look(ledger)["jobProven{job=home,target=main}"], 0);
  });

  it("says neither while nothing has looked since, or the look did not reach the target", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "home", evidence: { repository: "main", snapshot_id: snapshotId } });
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

  it("is not taken in by another snapshot that has taken the name", () => {
    const ledger = emptyLedger();
    const evidence = { path: "/s/docs.1", uuid: "own" };
    record(ledger, noon - hour, { job: "home", kind: "snapshot", target: "docs", evidence });
    observe(ledger, "snapshots", noon, "docs", [{ name: "/s/docs.1", at: noon, identity: "another" }]);
    assert.equal(look(ledger)["jobProven{job=home,target=docs}"], 0);
    observe(ledger, "snapshots", noon, "docs", [{ name: "/elsewhere/docs.1", at: noon, identity: "own" }]);
    assert.equal(look(ledger)["jobProven{job=home,target=docs}"], 1);
  });

  it("remembers when pruning last succeeded, of a subvolume and a repository of one name apart, whichever job did it", () => {
    const ledger = emptyLedger();
    const prune = (job: string, at: number, uses: string) =>
      record(ledger, at, { job, uses, id: "old", kind: "prune", target: "docs" });
    prune("home", noon - 3 * hour, "prune.snapshots");
    prune("other", noon - hour, "prune.snapshots");
    prune("far", noon - 2 * hour, "forget.restic");
    const series = Object.entries(look(ledger)).filter(([name]) => name.startsWith("pruneLastSuccess"));
    assert.deepEqual(Object.fromEntries(series), {
      "pruneLastSuccess{kind=subvolume,subject=docs}": noon - hour,
      "pruneLastSuccess{kind=repository,subject=docs}": noon - 2 * hour,
    });
  });

  it("knows of every runner that prunes what its target is", async () => {
    const pruning = (await loadRunners()).filter(({ kind }) => kind === "prune").map(({ uses }) => uses);
    assert.deepEqual(pruning.toSorted(), Object.keys(prunedKinds).toSorted());
  });

  it("takes what one job leaves at one destination in several steps together: the oldest part, the whole size", () => {
    const ledger = emptyLedger();
    const at = (prefix: string) => ({ destination: "main", prefix, files: 2, bytes: 20 });
    record(ledger, noon - 2 * hour, { job: "home", id: "graph", bytes: 20, evidence: at("graph-1") });
    record(ledger, noon - hour, { job: "home", id: "cache", bytes: 5, evidence: at("cache-1") });
    const there = { at: noon, files: 2, bytes: 20 };
    observe(ledger, "destinations", noon, "main", [
      { name: "graph-1/", ...there },
      { name: "cache-1/", ...there },
    ]);
    assert.deepEqual(look(ledger), {
      "backupNewest{job=home,target=main}": noon - 2 * hour,
      "backupSize{job=home,target=main}": 25,
      "jobProof{job=home,target=main,state=proven}": 1,
      "jobProof{job=home,target=main,state=unproven}": 0,
      "jobProof{job=home,target=main,state=disagrees}": 0,
      "jobProven{job=home,target=main}": 1,
    });
    observe(ledger, "destinations", noon + 1, "main", [{ name: "cache-1/", ...there }]);
    assert.equal(look(ledger)["jobProof{job=home,target=main,state=disagrees}"], 1);
  });

  it("forgets what a step left behind that is not in the configuration any more", () => {
    const ledger = emptyLedger();
    record(ledger, noon, { job: "home", id: "gone" });
    record(ledger, noon, { job: "another" });
    assert.deepEqual(look(ledger), {});
  });
});
