import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backups } from "../../src/collectors/backups.ts";
import { oneReading } from "../../src/engine/reading.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { configOf, emptyLedger, noon, record } from "../collectors/ledger.ts";

describe("one reading of the ledger", () => {
  it("reads once what several ask for, and shows all of them the same", () => {
    const ledger = emptyLedger();
    record(ledger, noon, { job: "files", kind: "backup", target: "vault" });
    const reads: string[] = [];
    const counted: Ledger = {
      ...ledger,
      lastSteps: () => {
        reads.push("lastSteps");
        return ledger.lastSteps();
      },
    };
    const reading = oneReading(counted);
    const before = reading.lastSteps();
    record(ledger, noon + 60, { job: "other", kind: "backup", target: "vault" });
    assert.equal(reading.lastSteps(), before);
    assert.deepEqual(reads, ["lastSteps"]);
    assert.equal(oneReading(counted).lastSteps().length, 2, "the next one sees what has happened since");
  });

  it("is a ledger like any other for collectors", () => {
    const ledger = emptyLedger();
    const steps = [{ id: "step_1", uses: "backup.restic", repository: "vault", from: ["/srv"] }];
    const config = configOf({
      repositories: { vault: { repository: "/r", password: { file: "/p" } } },
      jobs: { files: { schedule: "@daily", steps } },
    });
    record(ledger, noon, { job: "files", kind: "backup", uses: "backup.restic", target: "vault" });
    const collect = (from: Ledger) => backups.collect({ config, ledger: from, now: noon + 60 });
    assert.deepEqual(collect(oneReading(ledger)), collect(ledger));
  });
});
