import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DiskReport } from "../../src/collectors/disk-report.ts";
import { disksText } from "../../src/commands/disks-view.ts";

const now = 1_795_251_600;
const plain: DiskReport = {
  mountPoint: "/",
  type: "ext4",
  device: "/dev/vda",
  sizeBytes: 100 * 2 ** 30,
  usedBytes: 17 * 2 ** 30,
  usage: 0.179,
  health: null,
  scrub: null,
  troubles: [],
  notes: [],
  unknown: [],
};
const btrfs: DiskReport = {
  ...plain,
  mountPoint: "/data",
  type: "btrfs",
  health: {
    uuid: "dce038f2-6331-470c-8987-16ae055bd70b",
    device: "/dev/sda",
    mountPoint: "/data",
    isReadOnly: false,
    sizeBytes: 100 * 2 ** 30,
    usedBytes: 17 * 2 ** 30,
    unallocatedBytes: 2 ** 30,
    allocations: [],
    metadataPressure: 0.999,
    devices: [
      { devid: "1", path: "/dev/sda", isMissing: false, errors: { write: 0, read: 3 } },
      { devid: "2", path: null, isMissing: true, errors: {} },
    ],
    operation: "balance paused",
    unknown: [],
  },
  scrub: {
    state: "canceled",
    wholeSince: now - 86_400,
    errors: { corrected: 1, uncorrectable: 0, unverified: 0, super: 0 },
  },
};
const textOf = (disks: readonly DiskReport[], problems: readonly string[] = []) =>
  disksText({ at: now, disks, problems }, { stdout: {} as NodeJS.WriteStream, environment: { LANG: "C" } });

describe("the table of disks", () => {
  it("shows one line for each, with what is known of it", () => {
    const [, , first, second] = textOf([btrfs, plain]).split("\n");
    assert.match(
      first ?? "",
      /^\/data +\/dev\/sda, 2 missing +17 % +100 GiB +1\.0 GiB +99 % +3 +canceled, whole 1d ago, 1 errors +balance paused$/,
    );
    assert.match(second ?? "", /^\/ +\/dev\/vda \(ext4\) +17 % +100 GiB$/);
  });

  it("says unknown where nothing is known, never 0", () => {
    const nothing = { sizeBytes: null, usedBytes: null, unallocatedBytes: null, metadataPressure: null };
    const health = {
      ...(btrfs.health as NonNullable<DiskReport["health"]>),
      ...nothing,
      devices: null,
      operation: null,
    };
    const line = textOf([{ ...btrfs, ...nothing, usage: null, health, scrub: null }]).split("\n")[2] ?? "";
    assert.equal(line.match(/unknown/g)?.length, 8);
    assert.doesNotMatch(line, /\d/);
  });

  it("names below what is wrong with what mends it, and what is not known", () => {
    const disk = { ...btrfs, troubles: [{ found: "is full", mend: "make room" }], unknown: ["scrub: only root may"] };
    const text = textOf([disk], ["/gone: is not there"]);
    assert.match(text, /What is wrong:\n {2}\/data: is full\n {4}-> make room\n/);
    assert.match(text, /What is not known:\n {2}\/data: scrub: only root may\n {2}\/gone: is not there$/);
  });

  it("tells what is not wrong yet apart from what is", () => {
    const text = textOf([{ ...btrfs, notes: [{ found: "has never been scrubbed", mend: "scrub it" }] }]);
    assert.match(text, /What should be done:\n {2}\/data: has never been scrubbed\n {4}-> scrub it$/);
    assert.doesNotMatch(text, /What is wrong/);
  });

  it("lets no name move the cursor", () => {
    const disk = {
      ...plain,
      mountPoint: "/a\u001b[2Jb",
      troubles: [{ found: "is full", mend: "look at /a\u001b[2Jb" }],
    };
    assert.ok(!textOf([disk]).includes("\u001b[2J"));
  });
});
