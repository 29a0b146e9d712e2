import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import {
  capacityOf,
  filesystemOf,
  readAllocation,
  readBalance,
  readDeviceErrors,
} from "../../src/tools/btrfs-sysfs.ts";
import { temporaryDirectory } from "../support/directory.ts";

const uuid = "dce038f2-6331-470c-8987-16ae055bd70b";
const gibibyte = 2 ** 30;

/** The files of /sys/fs/btrfs that are read, as kernel 6.18 has them. */
function sysfsOf(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory(t);
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, uuid, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  writeFileSync(join(root, "features"), "");
  return root;
}

const chunks = (type: string, profile: string, total: number, used: number, copies: number) => ({
  [`allocation/${type}/total_bytes`]: `${total}\n`,
  [`allocation/${type}/bytes_used`]: `${used}\n`,
  [`allocation/${type}/disk_total`]: `${total * copies}\n`,
  [`allocation/${type}/disk_used`]: `${used * copies}\n`,
  [`allocation/${type}/${profile}/total_bytes`]: `${total}\n`,
});
const mirrored = {
  ...chunks("data", "raid1", 3 * gibibyte, 2 * gibibyte, 2),
  ...chunks("metadata", "raid1", gibibyte, gibibyte / 4, 2),
};

describe("a Btrfs filesystem in sysfs", () => {
  it("is found by its device, also behind a link", (t) => {
    const root = sysfsOf(t, { "devices/dm-0/size": "1", "devices/sdb/size": "1" });
    const link = join(temporaryDirectory(t), "mapper-root");
    symlinkSync("/dev/sdb", link);
    assert.equal(filesystemOf("/dev/dm-0", root), uuid);
    assert.equal(filesystemOf("/dev/sdc", root), null);
    assert.equal(filesystemOf("/dev/sdb", join(root, "nowhere")), null);
  });

  it("tells the chunks of each type", (t) => {
    const [data, metadata, ...others] = readAllocation(uuid, sysfsOf(t, mirrored));
    assert.deepEqual(data, {
      type: "data",
      totalBytes: 3 * gibibyte,
      usedBytes: 2 * gibibyte,
      diskTotalBytes: 6 * gibibyte,
      diskUsedBytes: 4 * gibibyte,
      profiles: ["raid1"],
    });
    assert.deepEqual([metadata?.type, others], ["metadata", []]);
  });

  it("has the size that statfs tells, times the copies of its data", (t) => {
    const allocations = readAllocation(uuid, sysfsOf(t, mirrored));
    assert.deepEqual(capacityOf(allocations, 10 * gibibyte), {
      sizeBytes: 20 * gibibyte,
      usedBytes: 4.5 * gibibyte,
      unallocatedBytes: 12 * gibibyte,
    });
    const single = readAllocation(uuid, sysfsOf(t, chunks("mixed", "single", gibibyte, 1, 1)));
    assert.equal(capacityOf(single, 2 * gibibyte).unallocatedBytes, gibibyte);
    assert.equal(capacityOf(single, 0).unallocatedBytes, 0);
  });

  it("adds up the errors of all its devices", (t) => {
    const stats = (first: number) =>
      `write_errs ${first}\nread_errs 1\nflush_errs 2\ncorruption_errs 3\ngeneration_errs 4\n`;
    const root = sysfsOf(t, { "devinfo/1/error_stats": stats(10), "devinfo/2/error_stats": stats(20) });
    assert.deepEqual(readDeviceErrors(uuid, root), { write: 30, read: 2, flush: 4, corruption: 6, generation: 8 });
  });

  it("tells whether a balance runs, and takes no other operation for one", (t) => {
    for (const [content, expected] of [
      ["none\n", "none"],
      ["balance\n", "running"],
      ["balance paused\n", "paused"],
      ["resize\n", "none"],
    ] as const) {
      assert.equal(readBalance(uuid, sysfsOf(t, { exclusive_operation: content })), expected, content);
    }
  });
});
