import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drills } from "../../src/collectors/drills.ts";
import { configOf, emptyLedger, hour, noon, readable, record } from "./ledger.ts";

describe("the collector drills", () => {
  const drill = { id: "drill", uses: "drill.files", repository: "main" };
  const check = { id: "check", uses: "verify.restic-check", repository: "main" };
  const doing = (...steps: object[]) => configOf({ jobs: { care: { steps } } });

  it("tells when a restore was last proved, how long it took and how much it was", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, {
      job: "care",
      id: "drill",
      kind: "drill",
      bytes: 100,
      evidence: { rto_seconds: 12.5 },
    });
    record(ledger, noon, { job: "care", id: "drill", kind: "drill", outcome: "failed", reason: "verification" });
    assert.deepEqual(readable(drills.collect({ config: doing(drill), ledger, now: noon })), {
      "drillAge{job=care,target=main}": noon - hour,
      "drillFailing{job=care,target=main}": 1,
      "drillLastSuccess{job=care,target=main}": noon - hour,
      "drillRto{job=care,target=main}": 12.5,
      "drillBytes{job=care,target=main}": 100,
    });
  });

  it("tells when what is stored was last read, and which share of it; unknown coverage is absent, not 0", () => {
    const config = doing(check);
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "care", id: "check", kind: "check", evidence: { coverage_ratio: 0.4 } });
    assert.equal(readable(drills.collect({ config, ledger, now: noon }))["checkCoverage{job=care,target=main}"], 0.4);
    record(ledger, noon, { job: "care", id: "check", kind: "check", evidence: { coverage_ratio: null } });
    assert.deepEqual(readable(drills.collect({ config, ledger, now: noon })), {
      "checkAge{job=care,target=main}": noon,
      "checkLastSuccess{job=care,target=main}": noon,
    });
  });

  it("forgets a step that was taken out of its job, or leads to another place now", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "care", id: "drill", kind: "drill", bytes: 100, evidence: { rto_seconds: 1 } });
    record(ledger, noon, { job: "care", id: "check", kind: "check", evidence: { coverage_ratio: 1 } });
    const told = (...steps: object[]) =>
      Object.keys(readable(drills.collect({ config: doing(...steps), ledger, now: noon })));
    const ofDrill = told(drill, check).filter((series) => series.startsWith("drill"));
    assert.ok(ofDrill.length > 3);
    assert.deepEqual(told(drill), ofDrill);
    assert.deepEqual(told({ uses: "command", argv: ["true"] }), []);
    // What stands in the place of a step that had no name of its own has its id.
    assert.deepEqual(told({ ...drill, id: "check" }), ["drillAge{job=care,target=main}"]);
    assert.deepEqual(told({ ...drill, repository: "other" }), ["drillAge{job=care,target=other}"]);
  });
});
