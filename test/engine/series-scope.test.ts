import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inventory } from "../../src/collectors/inventory.ts";
import { countersAtZero, declarationOf } from "../../src/engine/series-scope.ts";
import type { Sample } from "../../src/model/samples/sample.ts";
import { configOf, emptyLedger, noon, readable } from "../collectors/ledger.ts";

const password = { file: "/p" };
const config = configOf({
  retention: { short: { daily: 7 } },
  subvolumes: { docs: { path: "/docs", snapshots: "/s" } },
  repositories: { vault: { repository: "/r", password }, spare: { repository: "/q", password } },
  destinations: { shelf: { type: "local", path: "/shelf" } },
  objectives: { home: { jobs: ["home"] } },
  jobs: {
    home: {
      steps: [
        { uses: "snapshot.btrfs", subvolume: "docs" },
        { uses: "backup.restic", repository: "vault" },
      ],
    },
  },
});

describe("a series", () => {
  const kept: Sample[] = [
    { metric: "jobRunning", labels: { job: "home" }, value: 1 },
    { metric: "backupNewest", labels: { job: "home", target: "vault" }, value: 1 },
    { metric: "backupFailed", labels: { job: "home", target: "none", reason: "network" }, value: 1 },
    { metric: "snapshotCreated", labels: { subvol: "docs" }, value: 1 },
    { metric: "repositoryReachable", labels: { repository: "spare" }, value: 1 },
    { metric: "destinationReachable", labels: { destination: "shelf" }, value: 1 },
    { metric: "objectiveCopies", labels: { objective: "home" }, value: 1 },
    { metric: "retentionCompliant", labels: { kind: "subvolume", subject: "docs", policy: "short" }, value: 1 },
    { metric: "pruneLastSuccess", labels: { kind: "repository", subject: "vault" }, value: 1 },
    { metric: "ledgerSize", labels: {}, value: 1 },
    { metric: "btrfsDeviceErrors", labels: { device: "/dev/vda", devid: "1", kind: "write" }, value: 1 },
  ];
  const ended: Sample[] = [
    { metric: "jobRunning", labels: { job: "gone" }, value: 1 },
    { metric: "jobRunning", labels: { job: "constructor" }, value: 1 },
    { metric: "backupNewest", labels: { job: "home", target: "gone" }, value: 1 },
    { metric: "backupNewest", labels: { job: "home", target: "spare" }, value: 1 },
    { metric: "snapshotCreated", labels: { subvol: "gone" }, value: 1 },
    { metric: "repositoryReachable", labels: { repository: "gone" }, value: 1 },
    { metric: "destinationReachable", labels: { destination: "gone" }, value: 1 },
    { metric: "objectiveCopies", labels: { objective: "gone" }, value: 1 },
    { metric: "retentionCompliant", labels: { kind: "repository", subject: "docs", policy: "short" }, value: 1 },
    { metric: "retentionCompliant", labels: { kind: "subvolume", subject: "docs", policy: "gone" }, value: 1 },
    { metric: "pruneLastSuccess", labels: { kind: "repository", subject: "gone" }, value: 1 },
  ];
  const isDeclared = declarationOf(config);

  for (const sample of kept) {
    it(`goes on: ${Object.keys(readable([sample]))}`, () => assert.equal(isDeclared(sample), true));
  }
  for (const sample of ended) {
    it(`ends with its declaration: ${Object.keys(readable([sample]))}`, () => assert.equal(isDeclared(sample), false));
  }
});

describe("what nothing is known of", () => {
  it("has a series all the same, whatever it is", () => {
    assert.deepEqual(readable(inventory.collect({ config, ledger: emptyLedger(), now: noon })), {
      "declared{kind=subvolume,name=docs}": 1,
      "declared{kind=repository,name=vault}": 1,
      "declared{kind=repository,name=spare}": 1,
      "declared{kind=destination,name=shelf}": 1,
      "declared{kind=objective,name=home}": 1,
      "declared{kind=policy,name=short}": 1,
    });
  });

  it("has counters that begin at zero, so that the first increment is one", () => {
    assert.deepEqual(readable(countersAtZero(config)), {
      "jobRuns{job=home,outcome=success,reason=none}": 0,
      "snapshotCreated{subvol=docs}": 0,
    });
  });
});
