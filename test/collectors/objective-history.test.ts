import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import { objectiveHistory } from "../../src/collectors/objective-history.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { configOf, emptyLedger, hour, noon, observe, record } from "./ledger.ts";

const config = configOf({
  repositories: { cloud: { repository: "/c", password: { file: "/p" }, offsite: true } },
  jobs: { a: { steps: [{ uses: "backup.restic" }] } },
  objectives: { data: { jobs: ["a"], rpo: "24h", rto: "1h", copies: 2 }, other: { jobs: ["a"] } },
});

async function look(ledger: Ledger, now: number) {
  const { measurements = [] } = await objectiveHistory.collect({ config, ledger, now } as CollectorContext);
  ledger.recordMeasurements(measurements);
  return measurements;
}

describe("the collector objective-history", () => {
  it("remembers what was promised and measured, and leaves out what was unknown", async () => {
    const ledger = emptyLedger();
    record(ledger, noon - 2 * hour, { job: "a", evidence: { repository: "cloud", snapshot_id: "c1" } });
    observe(ledger, "restic", noon - hour, "cloud", [{ name: "c1", at: noon - 2 * hour }]);
    const [data] = await look(ledger, noon);
    assert.deepEqual(data, {
      series: "objectives/data",
      at: noon,
      values: {
        ...{ rpo_promised: 24 * hour, rpo: 2 * hour, rpo_met: 1, rto_promised: hour },
        ...{ copies_promised: 2, copies: 2, copies_met: 1, media: 2 },
      },
    });
  });

  it("keeps one point an hour, however often it looks", async () => {
    const ledger = emptyLedger();
    for (let minute = 0; minute < 180; minute += 1) await look(ledger, noon + minute * 60);
    const kept = ledger.measurements({ series: "objectives/data" }).map(({ at }) => at);
    assert.deepEqual(kept, [noon, noon + hour, noon + 2 * hour]);
  });
});
