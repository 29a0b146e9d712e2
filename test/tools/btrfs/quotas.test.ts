import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readExclusive, readQuotas } from "../../../src/tools/btrfs/quotas.ts";
import { healthy, sysfsOf, uuid } from "../../support/btrfs-sysfs.ts";

const on = {
  ...healthy,
  "qgroups/enabled": "1\n",
  "qgroups/mode": "qgroup\n",
  "qgroups/inconsistent": "0\n",
  "qgroups/0_257/exclusive": "10502144\n",
};

describe("quotas", () => {
  it("are usable where they are on, counted and not simple", (t) => {
    for (const [files, expected] of [
      [healthy, "off"],
      [on, "on"],
      [{ ...on, "qgroups/enabled": "0\n" }, "off"],
      [{ ...on, "qgroups/inconsistent": "1\n" }, "inconsistent"],
      [{ ...on, "qgroups/mode": "squota\n" }, "simple"],
    ] as const) {
      assert.equal(readQuotas(uuid, sysfsOf(t, files)), expected);
    }
  });

  it("of kernels before 6.7 have no mode", (t) => {
    const root = sysfsOf(t, on);
    rmSync(join(root, uuid, "qgroups/mode"));
    assert.equal(readQuotas(uuid, root), "on");
  });

  it("that say something else are not used", (t) => {
    for (const files of [
      { ...on, "qgroups/mode": "other\n" },
      { ...on, "qgroups/inconsistent": "" },
    ]) {
      assert.throws(() => readQuotas(uuid, sysfsOf(t, files)), { reason: "verification" });
    }
  });

  it("tell what a subvolume holds alone, and nothing of one that they do not know", (t) => {
    assert.equal(readExclusive(uuid, 257, sysfsOf(t, on)), 10502144);
    assert.throws(() => readExclusive(uuid, 258, sysfsOf(t, on)), { reason: "source" });
    const underflowed = { ...on, "qgroups/0_257/exclusive": "18446744073709535232\n" };
    assert.throws(() => readExclusive(uuid, 257, sysfsOf(t, underflowed)), { reason: "verification" });
  });
});
