import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SubjectKind } from "../../src/collectors/collector.ts";
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
      "objectiveMet{objective=data,promise=rpo}": 1,
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
      jobs: { a: { steps: ["one", "two"].map((id) => ({ id, uses: "drill.files" })) } },
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

describe("what an objective is judged by", () => {
  const config = configOf({
    jobs: {
      save: { steps: [{ uses: "backup.restic" }] },
      prove: { steps: [{ id: "drill", uses: "drill.files" }] },
    },
    objectives: { data: { jobs: ["save", "prove"], rpo: "24h", rto: "1h" } },
  });
  const met = (ledger: Ledger, promise: string, now = noon) =>
    readable(objectives.collect({ config, ledger, now }))[`objectiveMet{objective=data,promise=${promise}}`];
  const quick = { job: "prove", id: "drill", kind: "drill", evidence: { rto_seconds: 600 } } as const;

  it("takes no job that only proves for one that has never saved anything", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "save" });
    assert.equal(met(ledger, "rpo"), 1);
  });

  it("is broken, not unknown, when a job has been declared for longer than promised and has never saved anything", () => {
    const ledger = emptyLedger();
    ledger.declare("job", ["save", "prove"], (noon - 2 * day) * 1000);
    assert.equal(met(ledger, "rpo"), 0);
    assert.equal(met(ledger, "rpo", noon - 1.5 * day), undefined);
  });

  it("has no verdict on a recovery time that no drill has measured", () => {
    assert.equal(met(emptyLedger(), "rto"), undefined);
  });

  it("is kept by a drill, broken by a longer one or a failed one, and unknown when the drill is too old", () => {
    const fresh = emptyLedger();
    record(fresh, noon - day, quick);
    assert.equal(met(fresh, "rto"), 1);
    assert.equal(met(fresh, "rto", noon + 92 * day), undefined);
    record(fresh, noon - hour, { ...quick, outcome: "failed", reason: "verification" });
    assert.equal(met(fresh, "rto"), 0);
    const slow = emptyLedger();
    record(slow, noon - day, { ...quick, evidence: { rto_seconds: 3601 } });
    assert.equal(met(slow, "rto"), 0);
  });

  it("forgets steps that are not declared any more", () => {
    const ledger = emptyLedger();
    record(ledger, noon - 30 * day, { job: "save", id: "gone" });
    record(ledger, noon - hour, { job: "save" });
    assert.equal(met(ledger, "rpo"), 1);
  });
});

describe("the retention of a data set", () => {
  const config = configOf({
    subvolumes: { docs: { path: "/docs", snapshots: "/snapshots", retention: "short" } },
    repositories: { docs: { repository: "/r", password: { file: "/p" }, retention: "short" } },
    retention: { short: { daily: 2 } },
    jobs: { a: { steps: [{ uses: "snapshot.btrfs", subvolume: "docs" }] } },
    objectives: { data: { jobs: ["a"], rpo: "24h" } },
  });
  const met = (compliant: Readonly<Partial<Record<SubjectKind, number>>>) => {
    const ledger = emptyLedger();
    ledger.saveObservation({
      ...{ collector: "retention", observedAt: noon, succeededAt: noon, attemptedAt: noon, durationSeconds: 0 },
      ...{ error: null, artifacts: [] },
      samples: (Object.entries(compliant) as [SubjectKind, number][]).map(([kind, value]) => ({
        ...{ metric: "retentionCompliant", labels: { kind, subject: "docs", policy: "short" }, value },
      })),
    });
    return readable(objectives.collect({ config, ledger, now: noon }))[
      "objectiveMet{objective=data,promise=retention}"
    ];
  };

  it("is that of what its jobs write, not of a repository that has the name of its subvolume", () => {
    assert.equal(met({ subvolume: 1, repository: 0 }), 1);
    assert.equal(met({ subvolume: 0, repository: 1 }), 0);
    assert.equal(met({ repository: 1 }), undefined);
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
    jobs: {
      a: {
        steps: [{ uses: "backup.restic" }, { id: "snap", uses: "snapshot.btrfs" }, { id: "sync", uses: "hub.sync" }],
      },
    },
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

  it("has no verdict while a place has never been reached, and is broken once it should have been", () => {
    const twoPlaces = configOf({
      repositories: { cloud: { repository: "/c", password, offsite: true } },
      jobs: { a: { steps: [{ uses: "backup.restic", repository: "cloud" }] } },
      objectives: { data: { jobs: ["a"], rpo: "24h", copies: 2, offsite_copies: 2 } },
    });
    const ledger = emptyLedger();
    ledger.declare("job", ["a"], noon * 1000);
    const met = (promise: string, now: number) =>
      readable(objectives.collect({ config: twoPlaces, ledger, now }))[
        `objectiveMet{objective=data,promise=${promise}}`
      ];
    assert.equal(met("copies", noon + hour), undefined);
    assert.equal(met("copies", noon + 2 * day), 0);
    assert.equal(met("offsite", noon + hour), 0, "there are not enough places for it");
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

  it("still counts the one before while nobody has looked since the newest", () => {
    const ledger = emptyLedger();
    record(ledger, noon - 2 * hour, {
      job: "a",
      target: "cloud",
      evidence: { repository: "cloud", snapshot_id: "c0" },
    });
    observe(ledger, "restic", noon - hour, "cloud", [{ name: "c0", at: noon - 2 * hour }]);
    record(ledger, noon - 60, { job: "a", target: "cloud", evidence: { repository: "cloud", snapshot_id: "c1" } });
    assert.deepEqual(count(ledger), [2, 1, 2]);
  });

  it("does not count what is older than the recovery point allows", () => {
    const ledger = emptyLedger();
    backUp(ledger);
    cloudSees(ledger, "c1");
    assert.deepEqual(count(ledger, noon + day), [1, 0, 1]);
  });
});
