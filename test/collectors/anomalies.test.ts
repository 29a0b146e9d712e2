import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { anomalies, judgedBackups } from "../../src/collectors/anomalies.ts";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { configOf, day, emptyLedger, noon, readable, record } from "./ledger.ts";

const GiB = 2 ** 30;
const config = configOf({
  jobs: {
    home: {
      steps: [
        { id: "first", uses: "test" },
        { id: "second", uses: "test" },
      ],
    },
  },
});
const look = async (ledger: Ledger) =>
  readable((await anomalies.collect({ config, ledger } as CollectorContext)).samples);

/** One nightly backup, as restic leaves it in the journal. @param night 0: the last one */
function night(ledger: Ledger, id: string, ago: number, bytes: number, changed = 0.01): void {
  const files = { files_new: 10, files_changed: changed * 10_000, files_unmodified: (1 - changed) * 10_000 };
  record(ledger, noon - ago * day, { job: "home", id, bytes, evidence: { ...files, bytes_added: changed * bytes } });
}

function ninetyNights(id = "first"): Ledger {
  const ledger = emptyLedger();
  for (let ago = 90; ago > 0; ago -= 1) night(ledger, id, ago, 84 * GiB);
  return ledger;
}

describe("the collector anomalies", () => {
  it("holds the last backup against those before it", async () => {
    const ledger = ninetyNights();
    night(ledger, "first", 0, 12 * GiB);
    const seen = await look(ledger);
    assert.equal(seen["backupAnomaly{job=home,target=main,kind=size}"], 1);
    assert.equal(seen["backupDeviation{job=home,target=main,kind=size}"], 1 / 7);
    assert.equal(seen["backupAnomaly{job=home,target=main,kind=changed}"], 0);
    assert.equal(seen["backupAnomaly{job=home,target=main,kind=deleted}"], 0);
  });

  it("sees files that were encrypted overnight", async () => {
    const ledger = ninetyNights();
    night(ledger, "first", 0, 84 * GiB, 0.98);
    const seen = await look(ledger);
    assert.equal(seen["backupAnomaly{job=home,target=main,kind=changed}"], 1);
    assert.equal(seen["backupAnomaly{job=home,target=main,kind=size}"], 0);
  });

  it("has no series before there is a history", async () => {
    const ledger = emptyLedger();
    for (let ago = 7; ago >= 0; ago -= 1) night(ledger, "first", ago, GiB);
    assert.deepEqual(await look(ledger), {});
  });

  it("looks at nothing but successful backups and copies of declared steps", async () => {
    const ledger = emptyLedger();
    for (let ago = 20; ago >= 0; ago -= 1) {
      record(ledger, noon - ago * day, { job: "home", id: "first", kind: "prune", bytes: 5 });
      record(ledger, noon - ago * day, { job: "home", id: "gone", bytes: 5 });
      record(ledger, noon - ago * day, { job: "removed", bytes: 5 });
    }
    assert.deepEqual(await look(ledger), {});
    const failing = ninetyNights();
    record(failing, noon, { job: "home", id: "first", outcome: "failed", reason: "network", bytes: 0 });
    assert.equal((await look(failing))["backupAnomaly{job=home,target=main,kind=size}"], 0);
  });

  it("shows the worst of several steps that go to one target", async () => {
    const ledger = ninetyNights();
    for (let ago = 90; ago > 0; ago -= 1) night(ledger, "second", ago, GiB);
    night(ledger, "first", 0, 84 * GiB);
    night(ledger, "second", 0, 0);
    const seen = await look(ledger);
    assert.equal(seen["backupAnomaly{job=home,target=main,kind=size}"], 1);
    assert.equal(seen["backupDeviation{job=home,target=main,kind=size}"], 0);
  });

  it("does not read the journal again before the step has succeeded again", async () => {
    const ledger = ninetyNights();
    let read = 0;
    const counting: Ledger = {
      ...ledger,
      pastSteps: (...question) => {
        read += 1;
        return ledger.pastSteps(...question);
      },
    };
    const first = await look(counting);
    assert.deepEqual([await look(counting), read], [first, 1]);
    night(ledger, "first", 0, 12 * GiB);
    assert.notDeepEqual(await look(counting), first);
    assert.equal(read, 2);
  });

  it("makes nothing of numbers that are none, and nothing of a journal that was pruned", () => {
    const ledger = emptyLedger();
    const absurd = { files_new: -1, files_changed: "many", files_unmodified: Number.MAX_VALUE };
    for (let ago = 20; ago >= 0; ago -= 1) {
      record(ledger, noon - ago * day, { job: "home", id: "first", bytes: -5, evidence: absurd });
    }
    assert.deepEqual(judgedBackups(config, ledger), [], "also durations of nothing have nothing that is usual");
    ledger.markEmitted(
      ledger.unemittedRuns().map(({ id }) => id),
      noon,
    );
    ledger.pruneRuns((noon + day) * 1000);
    assert.deepEqual(judgedBackups(config, ledger), []);
  });
});
