import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chooseProfile, weighProfiles } from "../../../src/model/layout/choice.ts";
import type { Disk } from "../../../src/model/layout/hardware.ts";
import { profiles } from "../../../src/model/layout/profiles/index.ts";
import { StepError } from "../../../src/model/run/outcome.ts";

const all = Object.values(profiles);
const disk = (more: Partial<Disk>): Disk => ({
  device: null,
  stableName: null,
  kind: "virtio",
  bytes: null,
  model: "",
  ...more,
});
const nvme = disk({ kind: "nvme", bytes: 2e12 });
const choose = (disks: readonly Disk[], isVirtual: boolean | null) =>
  chooseProfile(weighProfiles(all, { disks, isVirtual }), "facter.json").profile.name;

describe("the profile that fits the hardware", () => {
  it("is told by the number of NVMe disks of a laptop", () => {
    assert.equal(choose([nvme, nvme], false), "zephyrus");
    assert.equal(choose([nvme], false), "yoga");
    assert.equal(choose([nvme, disk({ kind: "usb", bytes: 458e9 })], false), "yoga");
  });

  it("is told by the size of a server's disk, whether the provider means GB or GiB", () => {
    const sizes = {
      hetzner: [458e9, 491_522_097_152, 458 * 2 ** 30],
      contabo: [536e9, 536_870_912_000],
      ovh: [200e9, 200 * 2 ** 30, 199.1e9],
    };
    for (const [name, list] of Object.entries(sizes))
      for (const bytes of list) assert.equal(choose([disk({ bytes })], true), name, String(bytes));
    assert.equal(choose([disk({ bytes: 458e9, kind: "scsi" })], true), "hetzner");
  });

  it("is still told when the report does not say whether the machine is virtual", () => {
    assert.equal(choose([nvme], null), "yoga");
    assert.equal(choose([disk({ bytes: 200e9 })], null), "ovh");
  });

  const refused = (disks: readonly Disk[], isVirtual: boolean, message: RegExp) =>
    assert.throws(
      () => choose(disks, isVirtual),
      (error) => {
        assert.ok(error instanceof StepError && error.reason === "config");
        assert.match(error.message, message);
        assert.match(error.details.advice ?? "", /--profile \(zephyrus, yoga, hetzner, contabo, ovh\)/);
        return true;
      },
    );

  it("is nobody's guess when two fit: the candidates are named", () => {
    refused([disk({ bytes: 458e9 }), disk({ bytes: 536e9 })], true, /^hetzner, contabo fit facter\.json equally well/);
  });

  it("is none when none fits, and each says why not", () => {
    refused(
      [disk({ bytes: 1e12 })],
      true,
      /hetzner asks for a virtio or SCSI disk of about 458 GB or GiB, not a virtio disk \(1000\.0 GB\)/,
    );
    refused([nvme], true, /yoga asks for a machine of its own, not a virtual machine/);
    refused([], false, /no NVMe disk/);
    refused([disk({})], true, /size unknown/);
  });

  it("leaves sizes apart: no size fits two servers", () => {
    for (let bytes = 100e9; bytes < 1000e9; bytes += 0.5e9) {
      const fitting = weighProfiles(all, { disks: [disk({ bytes })], isVirtual: true }).filter(({ fits }) => fits);
      assert.ok(fitting.length <= 1, `${bytes}: ${fitting.map(({ profile }) => profile.name).join(", ")}`);
    }
  });
});
