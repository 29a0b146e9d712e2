import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { LedgerError } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { runFinish, runStart } from "../contract/ledger-samples.ts";
import { needs } from "../support/components.ts";
import { fillUp, mountTmpfs } from "../support/tmpfs.ts";

/** A ledger of which a writer wanted to journal a run when the disk had become full: it turned the log on, and could not turn it off again. */
function ledgerOnFullDisk(t: TestContext): { readonly path: string; readonly makeRoom: () => void } {
  const path = join(mountTmpfs(t, "4m"), "ledger.sqlite");
  const ledger = openLedger(path, { mode: "write" });
  ledger.recordFinishedRun(runStart("last-words"), runFinish());
  ledger.close();
  const makeRoom = fillUp(join(path, ".."));
  for (const id of ["never-journaled", "neither"]) {
    assert.throws(() => {
      const writer = openLedger(path, { mode: "write" });
      try {
        writer.recordFinishedRun(runStart(id, { job: id }), runFinish());
      } finally {
        writer.close();
      }
    }, /no space left/);
  }
  return { path, makeRoom };
}

describe("a ledger on a disk that has become full", needs("root"), () => {
  it("is read by who is gone in a moment, with all that was journaled", (t) => {
    const { path, makeRoom } = ledgerOnFullDisk(t);
    const reader = openLedger(path, { mode: "read", brief: true });
    assert.deepEqual(
      reader.runs({}).map(({ id }) => id),
      ["last-words"],
    );
    assert.throws(() => reader.markEmitted(["last-words"], 1), /opened for reading/);
    reader.close();
    makeRoom();
    const writer = openLedger(path, { mode: "write" });
    writer.recordFinishedRun(runStart("afterwards", { job: "other" }), runFinish());
    assert.equal(writer.runs({}).length, 2, "nothing was lost, and nobody is kept out");
    writer.close();
  });

  it("is told to be full, not broken, to who would stay and keep writers out", (t) => {
    const { path } = ledgerOnFullDisk(t);
    assert.throws(
      () => openLedger(path, { mode: "read" }),
      (error) => error instanceof LedgerError && error.problem === "full" && /df -h/.test(error.advice),
    );
  });
});
