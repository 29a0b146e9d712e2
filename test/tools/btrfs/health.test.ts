import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { lookAtHealth, lookAtScrub } from "../../../src/tools/btrfs/health.ts";
import type { Execute } from "../../../src/tools/exec.ts";
import { chunks, deviceOf, healthy, sysfsOf, uuid } from "../../support/btrfs-sysfs.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const place = { uuid, mount: { source: "/dev/sdb", mountPoint: tmpdir(), filesystemOptions: "rw,subvolid=5" } };
const nothingRuns: Execute = async ({ argv }) => {
  throw new Error(`${argv.join(" ")} is not needed`);
};
const look = (root: string) => lookAtHealth(place, { execute: nothingRuns, root });

describe("a look at the health of a filesystem", () => {
  it("sees all of one device without starting a program", async (t) => {
    const health = await look(sysfsOf(t, healthy));
    assert.deepEqual(health.unknown, []);
    assert.equal(health.isReadOnly, false);
    assert.equal(health.operation, "none");
    assert.deepEqual(
      health.devices?.map(({ devid, path, isMissing }) => [devid, path, isMissing]),
      [["1", "/dev/sdb", false]],
    );
    assert.ok(health.metadataPressure !== null && health.metadataPressure > 0 && health.metadataPressure <= 0.5);
  });

  for (const [file, lost, kept] of [
    ["allocation/data/disk_total", ["sizeBytes", "unallocatedBytes", "metadataPressure"], ["devices", "operation"]],
    ["allocation/global_rsv_size", ["metadataPressure"], ["unallocatedBytes", "devices", "operation"]],
    ["exclusive_operation", ["operation"], ["metadataPressure", "devices"]],
    ["devinfo", ["devices", "metadataPressure"], ["unallocatedBytes", "operation"]],
  ] as const) {
    it(`loses ${lost.join(", ")} and no more when ${file} vanishes, and says why`, async (t) => {
      const root = sysfsOf(t, healthy);
      rmSync(join(root, uuid, file), { recursive: true });
      const health = await look(root);
      for (const name of lost) assert.equal(health[name], null, name);
      for (const name of kept) assert.notEqual(health[name], null, name);
      assert.equal(health.unknown.length, 1, `${health.unknown}`);
      assert.match(health.unknown[0] ?? "", new RegExp(file.split("/").at(-1) ?? ""));
    });
  }

  for (const content of ["", "-1\n", "18446744073709551615\n", "many\n"]) {
    it(`takes ${JSON.stringify(content)} for unknown, wherever it stands, and never for 0`, async (t) => {
      for (const file of Object.keys(healthy).filter((name) => !/dup|single/.test(name))) {
        const health = await look(sysfsOf(t, { ...healthy, [file]: content }));
        assert.notEqual(health.unknown.length, 0, file);
        const zeros = [health.usedBytes, health.unallocatedBytes, health.metadataPressure].filter(
          (value) => value === 0,
        );
        assert.deepEqual(zeros, [], file);
      }
    });
  }

  it("of a filesystem that was unmounted meanwhile sees nothing, and says so", async (t) => {
    const { unknown, allocations, sizeBytes, devices, operation } = await look(sysfsOf(t, {}));
    assert.deepEqual([allocations, sizeBytes, devices, operation], [[], null, null, null]);
    assert.equal(unknown.length, 3);
  });

  it("of several devices does not guess what is free on each", async (t) => {
    const root = sysfsOf(t, { ...healthy, ...chunks("metadata", "raid1", 2 ** 30, 2 ** 20, 2), ...deviceOf(2) });
    const health = await look(root);
    assert.equal(health.metadataPressure, null);
    assert.match(health.unknown.join(), /metadata pressure: btrfs device usage .* is not needed/);
    assert.deepEqual(health.devices?.length, 2);
  });
});

describe("a look at the last scrub", () => {
  const records = (t: Parameters<typeof temporaryDirectory>[0], lines: readonly string[]) => {
    const root = temporaryDirectory(t);
    writeFileSync(join(root, `scrub.status.${uuid}`), `scrub status:1\n${lines.join("\n")}\n`);
    return root;
  };
  const line = (devid: number, more: string) =>
    `${uuid}:${devid}|super_errors:0|uncorrectable_errors:1|corrected_errors:2|t_start:1795274807|t_resumed:0|duration:5|${more}`;
  const options = { devids: ["1", "2"], remembered: 1_795_000_000, execute: nothingRuns };

  it("is the one that Btrfs remembers, when it went through", async (t) => {
    const root = records(t, [line(1, "canceled:0|finished:1"), line(2, "canceled:0|finished:1")]);
    const scrub = await lookAtScrub(place, { ...options, records: root });
    assert.deepEqual([scrub.state, scrub.wholeSince, scrub.errors?.uncorrectable], ["finished", 1_795_274_807, 2]);
  });

  it("leaves the last whole one as it was remembered, when it was cut off or was of one device", async (t) => {
    for (const lines of [
      [line(1, "canceled:1|finished:1"), line(2, "canceled:0|finished:1")],
      [line(1, "canceled:0|finished:1")],
    ]) {
      const scrub = await lookAtScrub(place, { ...options, records: records(t, lines) });
      assert.equal(scrub.wholeSince, 1_795_000_000);
    }
  });

  it("that never was has found nothing, which is not no errors", async (t) => {
    const scrub = await lookAtScrub(place, { ...options, remembered: null, records: temporaryDirectory(t) });
    assert.deepEqual(scrub, { state: "never", wholeSince: null, errors: null });
  });
});
