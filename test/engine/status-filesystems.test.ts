import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filesystemStatuses } from "../../src/engine/status-filesystems.ts";
import type { Sample } from "../../src/model/samples/sample.ts";

const at = 1_795_251_600;
const day = 86_400;
const device = "/dev/sda";
const found = (...samples: Sample[]) => filesystemStatuses({ host: "h", at, samples, errors: [] });
const errors = (devid: string, value: number): Sample => ({
  metric: "btrfsDeviceErrors",
  labels: { device, devid, kind: "read" },
  value,
});

describe("filesystems in trouble", () => {
  it("are none where all is well, or nothing is known", () => {
    assert.deepEqual(found(), []);
    const well: Sample[] = [
      { metric: "btrfsReadOnly", labels: { device }, value: 0 },
      { metric: "diskUsage", labels: { device }, value: 0.94 },
      { metric: "btrfsMetadataPressure", labels: { device }, value: 0.89 },
      { metric: "btrfsScrubAge", labels: { device }, since: at - 34 * day },
      { metric: "btrfsScrubState", labels: { device, state: "never" }, value: 1 },
      { metric: "btrfsScrubState", labels: { device, state: "canceled" }, value: 0 },
      { metric: "btrfsScrubErrors", labels: { device, kind: "corrected" }, value: 5 },
      errors("1", 0),
    ];
    assert.deepEqual(found(...well), []);
  });

  it("are told once each, with everything that is wrong", () => {
    const samples: Sample[] = [
      { metric: "btrfsDevicesMissing", labels: { device }, value: 1 },
      errors("1", 2),
      errors("2", 3),
      { metric: "btrfsScrubAge", labels: { device }, since: at - 36 * day },
      { metric: "diskUsage", labels: { device: "/dev/sdb" }, value: 0.999 },
      { metric: "btrfsScrubErrors", labels: { device: "/dev/sdb", kind: "uncorrectable" }, value: 4 },
    ];
    assert.deepEqual(found(...samples), [
      { device, troubles: ["1 of its devices missing", "5 errors of its devices", "not scrubbed for 36d"] },
      { device: "/dev/sdb", troubles: ["99 % full", "4 errors that no scrub could mend"] },
    ]);
  });
});
