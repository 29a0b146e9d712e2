import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { StepError } from "../../../src/model/run/outcome.ts";
import { parseFacter, readFacter } from "../../../src/tools/layout/facter.ts";

const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/facter/0.4.1/${name}.json`, import.meta.url), "utf8");
const disksOf = (name: string) => parseFacter(fixture(name), "facter.json").disks;

describe("a hardware report of nixos-facter", () => {
  it("names each disk, by what it is attached, and how large it is in bytes", () => {
    assert.deepEqual(
      disksOf("dual-nvme").map(({ device, kind, bytes }) => [device, kind, bytes]),
      [
        ["/dev/nvme0n1", "nvme", 3_907_029_168 * 512],
        ["/dev/nvme1n1", "nvme", 2_000_409_264 * 512],
      ],
    );
    assert.deepEqual(
      disksOf("virtio-scsi").map(({ device, kind, bytes }) => [device, kind, bytes]),
      [["/dev/sda", "virtio", 491_522_097_152]],
    );
    assert.deepEqual(
      disksOf("virtio-blk").map(({ device, kind }) => [device, kind]),
      [["/dev/vda", "virtio"]],
    );
  });

  it("calls a disk by an id of its own that a person can read, not by that of its place", () => {
    assert.deepEqual(
      disksOf("dual-nvme").map(({ stableName }) => stableName),
      ["/dev/disk/by-id/nvme-Example_SSD_2TB_A0001", "/dev/disk/by-id/nvme-Example_SSD_1TB_B0002"],
    );
  });

  it("takes zram for no disk, and a stick for no disk of the machine", () => {
    assert.deepEqual(
      disksOf("zram").map(({ device }) => device),
      ["/dev/nvme0n1"],
    );
    assert.deepEqual(
      disksOf("single-nvme").map(({ kind }) => kind),
      ["nvme", "usb"],
    );
  });

  it("does not know what the report does not say", () => {
    const [named, silent] = disksOf("no-disks-named");
    assert.equal(named?.device, null);
    assert.equal(silent?.bytes, null);
    const report = JSON.stringify({ version: 1, hardware: { disk: [] } });
    assert.equal(parseFacter(report, "facter.json").isVirtual, null);
  });

  for (const [name, message] of [
    ["other-version", /is a report of version 2; this pantheros reads version 1/],
    ["truncated", /is not whole JSON/],
  ] as const) {
    it(`refuses one that is ${name}, with what to do`, () => {
      assert.throws(
        () => parseFacter(fixture(name), "/etc/facter.json"),
        (error) =>
          error instanceof StepError && message.test(error.message) && /profile/.test(error.details.advice ?? ""),
      );
    });
  }

  it("says how to make one where there is none", async () => {
    await assert.rejects(readFacter("/nonexistent/facter.json"), (error) => {
      assert.ok(error instanceof StepError);
      assert.equal(error.reason, "source");
      assert.match(error.details.advice ?? "", /nixos-facter -o \/nonexistent\/facter\.json/);
      return true;
    });
  });

  it("survives any JSON: hardware, or a sentence", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (hardware, disk) => {
        for (const report of [
          hardware,
          { version: 1, hardware },
          { version: 1, hardware: { disk: [disk, { resources: disk }] } },
        ]) {
          try {
            const { disks } = parseFacter(JSON.stringify(report), "facter.json");
            assert.ok(disks.every(({ bytes }) => bytes === null || bytes > 0));
          } catch (error) {
            assert.ok(error instanceof StepError, String(error));
          }
        }
      }),
    );
  });

  it("believes no absurd size", () => {
    for (const count of [-1, 0, 1e300, 1.5]) {
      const resources = [{ type: "size", unit: "sectors", value_1: count, value_2: 511 }];
      const report = { version: 1, hardware: { disk: [{ resources }] } };
      assert.equal(parseFacter(JSON.stringify(report), "facter.json").disks[0]?.bytes, null);
    }
  });
});
