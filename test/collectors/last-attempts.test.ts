import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backups } from "../../src/collectors/backups.ts";
import { declaredSteps } from "../../src/collectors/declared/steps.ts";
import { drills } from "../../src/collectors/drills.ts";
import type { Config } from "../../src/config/schema.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Outcome } from "../../src/model/run/outcome.ts";
import { loadRunners } from "../../src/runners/index.ts";
import { configOf, day, emptyLedger, hour, noon, readable, record } from "./ledger.ts";

const subvolume = (holds?: "database") => ({ path: "/data", snapshots: "/snapshots", ...(holds && { holds }) });
const snapshotOf = (name: string) => ({ steps: [{ uses: "snapshot.btrfs", subvolume: name }] });
const config = configOf({
  subvolumes: { home: subvolume(), pg: subvolume("database") },
  jobs: { hourly: snapshotOf("home"), nightly: snapshotOf("home"), db: snapshotOf("pg") },
});

function attempt(ledger: Ledger, at: number, job: string, target: string, outcome: Outcome): void {
  const reason = outcome === "success" ? null : "source";
  record(ledger, at, { job, target, outcome, reason, kind: "snapshot", evidence: {} });
}

function failing(ledger: Ledger, declared: Config = config): Record<string, number> {
  const samples = backups.collect({ config: declared, ledger, now: noon });
  return readable(samples.filter(({ metric }) => metric === "snapshotFailing"));
}
const home = "snapshotFailing{subvol=home,holds=files}";

describe("whether snapshots fail", () => {
  it("is not known before the first attempt", () => {
    assert.deepEqual(failing(emptyLedger()), {});
  });

  it("is told from the first failure on, and apart of databases", () => {
    const ledger = emptyLedger();
    attempt(ledger, noon - hour, "hourly", "home", "failed");
    attempt(ledger, noon - hour, "db", "pg", "failed");
    assert.deepEqual(failing(ledger), { [home]: 1, "snapshotFailing{subvol=pg,holds=database}": 1 });
  });

  it("stays until a snapshot succeeds, by whatever job, and however many runs are skipped", () => {
    const ledger = emptyLedger();
    attempt(ledger, noon - 5 * hour, "hourly", "home", "success");
    attempt(ledger, noon - 4 * hour, "hourly", "home", "failed");
    for (let at = noon - 3 * hour; at < noon - 2 * hour; at += 60) attempt(ledger, at, "hourly", "home", "skipped");
    assert.deepEqual(failing(ledger), { [home]: 1 });
    attempt(ledger, noon - hour, "nightly", "home", "success");
    assert.deepEqual(failing(ledger), { [home]: 0 });
  });

  it("is what the last attempt says, not the last run that had none", () => {
    const ledger = emptyLedger();
    attempt(ledger, noon - 3 * hour, "hourly", "home", "failed");
    // A run that is a success without having come to its snapshot.
    record(ledger, noon - hour, { job: "hourly", kind: "other", target: "home" });
    assert.deepEqual(failing(ledger), { [home]: 1 });
  });

  it("is told of an optional snapshot as well, whose run was only partial", () => {
    const ledger = emptyLedger();
    attempt(ledger, noon - 3 * hour, "hourly", "home", "success");
    attempt(ledger, noon - hour, "hourly", "home", "partial");
    assert.deepEqual(failing(ledger), { [home]: 1 });
  });

  it("does not change while a run is under way that has not come to its snapshot", () => {
    const ledger = emptyLedger();
    attempt(ledger, noon - 3 * hour, "hourly", "home", "failed");
    record(ledger, noon, { job: "hourly", kind: "snapshot", target: "home", unfinished: true });
    assert.deepEqual(failing(ledger), { [home]: 1 });
  });

  it("is not held against a step that was taken out of the configuration", () => {
    const ledger = emptyLedger();
    attempt(ledger, noon - hour, "hourly", "home", "failed");
    const without = configOf({
      subvolumes: { home: subvolume() },
      jobs: { hourly: { steps: [{ uses: "command", argv: ["true"] }] } },
    });
    assert.deepEqual(failing(ledger, without), {});
  });
});

describe("drills and checks", () => {
  const steps = [
    { uses: "drill.files", repository: "main", id: "drill" },
    { uses: "archive.verify", destination: "shelf", id: "verify" },
  ];
  const careful = configOf({ jobs: { care: { steps } } });
  const look = (ledger: Ledger) => readable(drills.collect({ config: careful, ledger, now: noon }));

  it("are as old as the declaration of their job while there was none", () => {
    const ledger = emptyLedger();
    ledger.declare("job", ["care"], (noon - 40 * day) * 1000);
    assert.deepEqual(look(ledger), {
      "drillAge{job=care,target=main}": noon - 40 * day,
      "checkAge{job=care,target=shelf}": noon - 40 * day,
    });
  });

  it("fail until one succeeds; only that one is young", () => {
    const ledger = emptyLedger();
    record(ledger, noon - 3 * day, { job: "care", id: "drill", kind: "drill" });
    record(ledger, noon - day, { job: "care", id: "drill", kind: "drill", outcome: "failed", reason: "verification" });
    assert.equal(look(ledger)["drillFailing{job=care,target=main}"], 1);
    assert.equal(look(ledger)["drillAge{job=care,target=main}"], noon - 3 * day);
    record(ledger, noon - hour, { job: "care", id: "drill", kind: "drill" });
    assert.equal(look(ledger)["drillFailing{job=care,target=main}"], 0);
    assert.equal(look(ledger)["drillAge{job=care,target=main}"], noon - hour);
  });
});

it("every runner that makes snapshots, checks or drills is known as such by its name", async () => {
  const places = { subvolume: "here", repository: "here", destination: "here" };
  for (const { uses, kind } of await loadRunners()) {
    const declared = configOf({ jobs: { it: { steps: [{ uses, ...places }] } } });
    for (const each of ["snapshot", "check", "drill"] as const) {
      assert.equal(declaredSteps(each, declared).length, each === kind ? 1 : 0, `${uses} as ${each}`);
    }
  }
});
