import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BtrfsHealth, Scrub } from "../../../src/model/btrfs/health.ts";
import { notesOf, troublesOf } from "../../../src/model/btrfs/troubles.ts";

const now = 1_795_251_600;
const day = 86_400;
const well: BtrfsHealth = {
  uuid: "dce038f2-6331-470c-8987-16ae055bd70b",
  device: "/dev/sda",
  mountPoint: "/data",
  isReadOnly: false,
  sizeBytes: 100,
  usedBytes: 50,
  unallocatedBytes: 40,
  allocations: [],
  metadataPressure: 0.2,
  devices: [{ devid: "1", path: "/dev/sda", isMissing: false, errors: { write: 0, read: 0 } }],
  operation: "none",
  unknown: [],
};
const scrubbed: Scrub = {
  state: "finished",
  wholeSince: now - 10 * day,
  errors: { corrected: 3, uncorrectable: 0, unverified: 0, super: 0 },
};
const found = (health: Partial<BtrfsHealth>, scrub: Scrub | null = scrubbed) =>
  troublesOf({ ...well, ...health }, scrub, now).map((trouble) => trouble.found);

const data = (totalBytes: number, usedBytes: number) => ({ type: "data" as const, totalBytes, usedBytes });

describe("what is wrong with a filesystem", () => {
  it("is nothing where all is well, and where nothing is known", () => {
    assert.deepEqual(found({}), []);
    const unknown = { sizeBytes: null, usedBytes: null, metadataPressure: null, devices: null, operation: null };
    assert.deepEqual(found(unknown, null), []);
    assert.deepEqual(found({ devices: [{ devid: "1", path: null, isMissing: null, errors: {} }] }), []);
  });

  it("is told with the number that shows it", () => {
    const missing = { devid: "2", path: null, isMissing: true, errors: {} };
    const faulty = { devid: "1", path: "/dev/sda", isMissing: false, errors: { write: 0, read: 2, corruption: 7 } };
    for (const [health, expected] of [
      [{ isReadOnly: true }, /read-only/],
      [{ devices: [missing] }, /device 2 is missing/],
      [{ devices: [faulty] }, /device 1 \(\/dev\/sda\) has errors: 2 read, 7 corruption/],
      [{ metadataPressure: 0.95 }, /metadata is 95 % full/],
      [{ usedBytes: 96 }, /96 % full/],
      [{ unallocatedBytes: 1, allocations: [data(80, 79)] }, /data is 97 % full and has nowhere to grow/],
      [{ operation: "balance paused" }, /balance is paused/],
    ] as const) {
      const troubles = found(health);
      assert.equal(troubles.length, 1, `${troubles}`);
      assert.match(troubles[0] ?? "", expected);
    }
  });

  it("is no full data while there is room for another chunk, or nobody knows whether there is", () => {
    const allocations = [data(80, 79)];
    assert.deepEqual(found({ unallocatedBytes: 10, allocations }), []);
    assert.deepEqual(found({ unallocatedBytes: null, allocations }), []);
  });

  it("is a scrub that is missing, old, cut off, or found what it could not mend; one that runs is none", () => {
    for (const [scrub, expected] of [
      [{ ...scrubbed, wholeSince: now - 36 * day }, [/36d ago/]],
      [{ ...scrubbed, state: "canceled" }, [/canceled/]],
      [{ ...scrubbed, state: "interrupted" }, [/interrupted/]],
      [{ ...scrubbed, state: "running", wholeSince: null }, []],
      [{ ...scrubbed, errors: { corrected: 0, uncorrectable: 5, unverified: 0, super: 0 } }, [/5 errors/]],
    ] as const) {
      const troubles = found({}, scrub);
      assert.equal(troubles.length, expected.length, `${scrub.state}: ${troubles}`);
      for (const [index, pattern] of expected.entries()) assert.match(troubles[index] ?? "", pattern);
    }
  });

  it("is no scrub at all only where it has been watched for longer than scrubs may be apart; before that it is a note", () => {
    const never: Scrub = { state: "never", wholeSince: null, errors: null };
    const told = (firstSeenAt: number | null) => ({
      troubles: troublesOf(well, never, now, firstSeenAt).map((trouble) => trouble.found),
      notes: notesOf(never, "/data", now, firstSeenAt).map((note) => note.found),
    });
    assert.deepEqual(told(null), { troubles: [], notes: ["has never been scrubbed"] });
    assert.deepEqual(told(now - 34 * day), { troubles: [], notes: ["has never been scrubbed"] });
    const troubles = ["has never been scrubbed in the 36d that it has been watched"];
    assert.deepEqual(told(now - 36 * day), { troubles, notes: [] });
    assert.deepEqual(notesOf(scrubbed, "/data", now, now - 36 * day), []);
    assert.deepEqual(notesOf(null, "/data", now, now - 36 * day), []);
  });

  it("comes with a command that names the filesystem", () => {
    const paused = troublesOf({ ...well, operation: "balance paused" }, scrubbed, now);
    assert.equal(paused[0]?.mend, "btrfs balance resume /data");
  });
});
