import assert from "node:assert/strict";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  allocatedTypes,
  capacityOf,
  filesystemOf,
  readAllocation,
  readOperation,
} from "../../../src/tools/btrfs/sysfs.ts";
import { chunks, sysfsOf, uuid } from "../../support/btrfs-sysfs.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const gibibyte = 2 ** 30;
const mirrored = {
  ...chunks("data", "raid1", 3 * gibibyte, 2 * gibibyte, 2),
  ...chunks("metadata", "raid1", gibibyte, gibibyte / 4, 2),
};
const allocationsIn = (root: string) => allocatedTypes(uuid, root).map((type) => readAllocation(uuid, type, root));

describe("a Btrfs filesystem in sysfs", () => {
  it("is found by its device, also behind a link, and by the name that device-mapper gave it", (t) => {
    const root = sysfsOf(t, { "devices/dm-0/dm/name": "luks-root\n", "devices/sdb/size": "1" });
    const link = join(temporaryDirectory(t), "mapper-root");
    symlinkSync("/dev/sdb", link);
    assert.equal(filesystemOf("/dev/dm-0", root), uuid);
    assert.equal(filesystemOf("/dev/mapper/luks-root", root), uuid);
    assert.equal(filesystemOf(link, root) ?? filesystemOf("/dev/sdb", root), uuid);
    assert.equal(filesystemOf("/dev/sdc", root), null);
    assert.equal(filesystemOf("/dev/sdb", join(root, "nowhere")), null);
  });

  it("tells the chunks of each type", (t) => {
    const [data, metadata, ...others] = allocationsIn(sysfsOf(t, mirrored));
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
    const allocations = allocationsIn(sysfsOf(t, mirrored));
    assert.deepEqual(capacityOf(allocations, 10 * gibibyte), {
      sizeBytes: 20 * gibibyte,
      usedBytes: 4.5 * gibibyte,
      unallocatedBytes: 12 * gibibyte,
    });
    const single = allocationsIn(sysfsOf(t, chunks("mixed", "single", gibibyte, 1, 1)));
    assert.equal(capacityOf(single, 2 * gibibyte).unallocatedBytes, gibibyte);
  });

  it("has no size that its use contradicts", (t) => {
    const allocations = allocationsIn(sysfsOf(t, mirrored));
    for (const size of [0, Number.NaN, gibibyte])
      assert.throws(() => capacityOf(allocations, size), /cannot be in use/);
  });

  it("that is gone has no allocation, which is not an empty one", (t) => {
    assert.throws(() => allocatedTypes(uuid, sysfsOf(t, {})), /allocation is not there/);
  });

  for (const [what, content] of Object.entries({
    "an underflowed number": "18446744073081634816\n",
    "a negative number": "-1\n",
    "a string": "invalid\n",
    hexadecimal: "0x10\n",
    "an empty file": "",
    "more used than there is": `${4 * gibibyte}\n`,
  })) {
    it(`refuses ${what} instead of counting nothing`, (t) => {
      const root = sysfsOf(t, { ...mirrored, "allocation/data/bytes_used": content });
      assert.throws(() => readAllocation(uuid, "data", root), { reason: "verification" });
      assert.equal(readAllocation(uuid, "metadata", root).type, "metadata");
    });
  }

  it("names the file that has vanished while it was read", (t) => {
    const root = sysfsOf(t, mirrored);
    rmSync(join(root, uuid, "allocation/data/disk_total"));
    assert.throws(() => readAllocation(uuid, "data", root), { reason: "source", message: /disk_total is not there/ });
  });

  it("tells the operation that has it for itself, and refuses one that it does not know", (t) => {
    for (const operation of ["none", "balance", "balance paused", "resize", "swap activate"]) {
      assert.equal(readOperation(uuid, sysfsOf(t, { exclusive_operation: `${operation}\n` })), operation);
    }
    for (const content of ["defragment\n", ""]) {
      assert.throws(() => readOperation(uuid, sysfsOf(t, { exclusive_operation: content })), /is not known/);
    }
  });
});
