import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drills } from "../../src/collectors/drills.ts";
import { configOf, emptyLedger, hour, noon, readable, record } from "./ledger.ts";

describe("the collector drills", () => {
  const config = configOf({ jobs: { care: { steps: [{ uses: "x" }] } } });

  it("tells when a restore was last proved, how long it took and how much it was", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "care", kind: "drill", bytes: 100, evidence: { rto_seconds: 12.5 } });
    record(ledger, noon, { job: "care", kind: "drill", outcome: "failed", reason: "verification" });
    assert.deepEqual(readable(drills.collect({ config, ledger, now: noon })), {
      "drillLastSuccess{job=care,target=main}": noon - hour,
      "drillRto{job=care,target=main}": 12.5,
      "drillBytes{job=care,target=main}": 100,
    });
  });

  it("tells when what is stored was last read, and which share of it; unknown coverage is absent, not 0", () => {
    const ledger = emptyLedger();
    record(ledger, noon - hour, { job: "care", kind: "check", evidence: { coverage_ratio: 0.4 } });
    assert.equal(readable(drills.collect({ config, ledger, now: noon }))["checkCoverage{job=care,target=main}"], 0.4);
    record(ledger, noon, { job: "care", kind: "check", evidence: { coverage_ratio: null } });
    assert.deepEqual(readable(drills.collect({ config, ledger, now: noon })), {
      "checkLastSuccess{job=care,target=main}": noon,
    });
  });
});
