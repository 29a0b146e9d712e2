import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readUsageReport, reportDay } from "../../src/tools/b2-report.ts";

const head =
  "date,bucket_id,bucket_name,uploaded_gb,deleted_gb,downloaded_gb,downloaded_bytes,downloaded_favored_bytes,stored_gb,storage_byte_hours,api_txn_class_a,api_txn_class_b,api_txn_class_c,api_txn_class_d";
const day = Date.UTC(2026, 10, 20) / 1000;

describe("Backblaze's usage report", () => {
  it("has a line for each bucket, and one for the account", () => {
    const text = `${head}\n2026-11-20,abc,backups,1,0,0,500,0,10,240000000000,7,3,2,1\r\n2026-11-20,,,1,0,0,900,0,20,480000000000,9,4,3,2\n`;
    assert.deepEqual(readUsageReport(text), [
      { day, bucket: "backups", byteHours: 240e9, downloadedBytes: 500, calls: { a: 7, b: 3, c: 2, d: 1 } },
      { day, bucket: null, byteHours: 480e9, downloadedBytes: 900, calls: { a: 9, b: 4, c: 3, d: 2 } },
    ]);
  });

  it("is read by the names of its columns, in any order, among others, in quotes", () => {
    const text = '\uFEFFnew,stored_gb,"bucket_name",bucket_id,date\n"a,""b""",2,backups,abc,2026-11-20\n';
    const [line] = readUsageReport(text);
    assert.deepEqual([line?.bucket, line?.byteHours, line?.day], ["backups", 48e9, day]);
  });

  for (const [what, text] of [
    ["another file", "<html></html>"],
    ["nothing", ""],
    ["a line that is cut off", `${head}\n2026-11-20,abc,backups,1`],
    ["a negative amount", "date,bucket_id,storage_byte_hours\n2026-11-20,abc,-1"],
    ["an absurd amount", "date,bucket_id,storage_byte_hours\n2026-11-20,abc,1e40"],
    ["no number", "date,bucket_id,storage_byte_hours\n2026-11-20,abc,many"],
    ["no date", "date,bucket_id,storage_byte_hours\n20.11.2026,abc,1"],
    ["a column too little", "date,bucket_id,uploaded_gb\n2026-11-20,abc,1"],
  ] as const) {
    it(`with ${what} is refused`, () => {
      assert.throws(() => readUsageReport(text), { name: "StepError", reason: "unknown" });
    });
  }

  it("never gives what is negative or no number", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const lines = readUsageReport(`date,bucket_id,storage_byte_hours\n2026-11-20,abc,${text}`);
          for (const { byteHours } of lines) assert.ok(byteHours >= 0);
        } catch (error) {
          assert.equal((error as Error).name, "StepError");
        }
      }),
    );
  });

  it("is known by its name", () => {
    assert.equal(reportDay("2026-11-20/usage.account-0123abc.csv"), day);
    assert.equal(reportDay("2026-11-20/usage.groups.csv"), null);
    assert.equal(reportDay("2026-13-40/usage.account-0.csv"), null);
  });
});
