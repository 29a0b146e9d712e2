import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseDeviceUsage, readDevices, readDeviceUsage } from "../../../src/tools/btrfs/devices.ts";
import type { Execute } from "../../../src/tools/exec.ts";
import { deviceOf, sysfsOf, uuid } from "../../support/btrfs-sysfs.ts";

const recorded = (name: string) =>
  readFileSync(new URL(`../../fixtures/btrfs/6.2/${name}.txt`, import.meta.url), "utf8");

describe("the devices of a filesystem", () => {
  it("each have their errors by kind, and stand in the order of their numbers", (t) => {
    const root = sysfsOf(t, { ...deviceOf(10, { read: 4 }), ...deviceOf(2, { write: 1, corruption: 3 }) });
    const { devices, unknown } = readDevices(uuid, root);
    assert.deepEqual(unknown, []);
    assert.deepEqual(devices, [
      {
        devid: "2",
        path: null,
        isMissing: false,
        errors: { write: 1, read: 0, flush: 0, corruption: 3, generation: 0 },
      },
      {
        devid: "10",
        path: null,
        isMissing: false,
        errors: { write: 0, read: 4, flush: 0, corruption: 0, generation: 0 },
      },
    ]);
  });

  it("lose only what cannot be read, with its reason", (t) => {
    const root = sysfsOf(t, {
      ...deviceOf(1, { write: "18446744073709551615" }),
      ...deviceOf(2),
      "devinfo/3/missing": "1\n",
    });
    rmSync(join(root, uuid, "devinfo/2/missing"));
    const { devices, unknown } = readDevices(uuid, root);
    assert.deepEqual(
      devices.map(({ devid, isMissing, errors }) => [devid, isMissing, Object.keys(errors).length]),
      [
        ["1", false, 4],
        ["2", null, 5],
        ["3", true, 0],
      ],
    );
    assert.deepEqual(devices[0]?.errors.write, undefined);
    assert.equal(unknown.length, 3);
    for (const [index, why] of [
      /write errors of device 1: .*no number/,
      /presence of device 2: .*not there/,
      /errors of device 3/,
    ].entries())
      assert.match(unknown[index] ?? "", why);
  });

  it("have unknown errors while the kernel has not read them", (t) => {
    const { devices, unknown } = readDevices(
      uuid,
      sysfsOf(t, { "devinfo/1/missing": "0\n", "devinfo/1/error_stats": "invalid\n" }),
    );
    assert.deepEqual([devices[0]?.errors, unknown.length], [{}, 5]);
  });

  it("are unknown, not none, where the filesystem is gone", (t) => {
    assert.throws(() => readDevices(uuid, sysfsOf(t, {})), /tells of no device/);
  });
});

describe("btrfs device usage", () => {
  it("tells path and free bytes of each device", () => {
    assert.deepEqual(parseDeviceUsage(recorded("device-usage")), [
      { devid: "1", path: "/dev/loop0", unallocatedBytes: 356515840 },
      { devid: "2", path: "/dev/loop1", unallocatedBytes: 356515840 },
    ]);
  });

  it("gives a missing device no path", () => {
    const paths = parseDeviceUsage(recorded("device-usage-missing")).map(({ path }) => path);
    assert.deepEqual(paths, ["/dev/loop0", null]);
  });

  it("without root is not believed: it ends with 0 and calls everything free", async () => {
    assert.throws(
      () => parseDeviceUsage(recorded("device-usage-unprivileged")),
      /Device slack of device 1 is .*no number/,
    );
    const execute: Execute = async ({ argv }) => ({
      argv,
      exitCode: 0,
      signal: null,
      stdout: recorded("device-usage"),
      stderr: recorded("device-usage-unprivileged.stderr"),
      durationSeconds: 0,
    });
    await assert.rejects(readDeviceUsage(execute, "/mnt"), { reason: "auth" });
  });

  it("is refused when it says something else", () => {
    for (const text of [
      "",
      "rubbish\n",
      "/dev/sda, ID: 1\n   Device size: 1\n",
      "/dev/sda, ID: 1\n   Unallocated: -1\n",
    ]) {
      assert.throws(() => parseDeviceUsage(text), { reason: "verification" }, JSON.stringify(text));
    }
  });
});
