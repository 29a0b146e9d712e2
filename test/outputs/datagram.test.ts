import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Sample } from "../../src/model/samples/sample.ts";
import { eventLine, metricLine, packetsOf } from "../../src/outputs/datagram.ts";
import { assertGolden } from "../golden/golden.ts";
import { everyMetric, moment, sampleOf } from "./state.ts";

const hour = 3600;
const subvol = "home";

/** The seed's contract: name, type, unit and tags to the letter, `host` first. */
const contract: readonly (readonly [Sample, string])[] = [
  [
    { metric: "snapshotCreated", labels: { subvol }, value: 1 },
    "pantheros.snapshot.created:1|c|#host:atlas,subvol:home",
  ],
  [
    { metric: "snapshotFailed", labels: { subvol, reason: "space" }, value: 2 },
    "pantheros.snapshot.failed:2|c|#host:atlas,subvol:home,reason:space",
  ],
  [
    { metric: "snapshotAge", labels: { subvol }, since: moment - 1.5 * hour },
    "pantheros.snapshot.age:1.5|g|#host:atlas,subvol:home",
  ],
  [
    { metric: "snapshotCount", labels: { subvol, type: "daily" }, value: 7 },
    "pantheros.snapshot.count:7|g|#host:atlas,subvol:home,type:daily",
  ],
  [
    { metric: "snapshotSize", labels: { subvol }, value: 4096 },
    "pantheros.snapshot.size:4096|g|#host:atlas,subvol:home",
  ],
  [
    { metric: "backupCompleted", labels: { job: "nightly", target: "b2" }, value: 1 },
    "pantheros.backup.completed:1|c|#host:atlas,job:nightly,target:b2",
  ],
  [
    { metric: "backupFailed", labels: { job: "nightly", target: "b2", reason: "auth" }, value: 1 },
    "pantheros.backup.failed:1|c|#host:atlas,job:nightly,target:b2,reason:auth",
  ],
  [
    { metric: "backupDuration", labels: { job: "nightly" }, value: 12.25 },
    "pantheros.backup.duration:12.25|g|#host:atlas,job:nightly",
  ],
  [
    { metric: "backupSize", labels: { job: "nightly", target: "b2" }, value: 1_234_567_890_123 },
    "pantheros.backup.size:1234567890123|g|#host:atlas,job:nightly,target:b2",
  ],
  [
    { metric: "b2Cost", labels: { bucket: "vault" }, value: 6.95 },
    "pantheros.backup.b2.cost:6.95|g|#host:atlas,bucket:vault",
  ],
  [
    { metric: "diskUsage", labels: { device: "sda" }, value: 0.875 },
    "pantheros.disk.usage:87.5|g|#host:atlas,device:sda",
  ],
  [
    { metric: "btrfsBalance", labels: { device: "sda" }, value: 1 },
    "pantheros.btrfs.balance:1|g|#host:atlas,device:sda",
  ],
];

describe("a metric for DogStatsD", () => {
  for (const [sample, line] of contract) {
    it(`is written as ${line}`, () => assert.equal(metricLine(sample, "atlas", moment), line));
  }

  it("is the golden file, for every metric of the catalogue", () => {
    const lines = everyMetric().samples.map((sample) => metricLine(sample, "atlas", moment));
    assertGolden("metrics.dogstatsd", `${lines.join("\n")}\n`);
  });

  it("leaves the host to the Agent when it is told to, and has no empty tag section", () => {
    assert.equal(
      metricLine({ metric: "diskSize", labels: { device: "sda" }, value: 1 }, null, moment),
      "pantheros.disk.size:1|g|#device:sda",
    );
    assert.equal(metricLine({ metric: "ledgerSize", labels: {}, value: 1 }, null, moment), "pantheros.ledger.size:1|g");
    assert.equal(
      metricLine({ metric: "ledgerSize", labels: {}, value: 1 }, "atlas", moment),
      "pantheros.ledger.size:1|g|#host:atlas",
    );
  });

  it("keeps colons of a tag's value and replaces what would end the tag, the field or the line", () => {
    const device = "a,b|c#d\ne\rf\u0000g:h/i ü\ud800";
    assert.equal(
      metricLine({ metric: "diskSize", labels: { device }, value: 1 }, null, moment),
      "pantheros.disk.size:1|g|#device:a_b_c_d_e_f_g:h/i ü\ufffd",
    );
  });

  for (const [value, written] of [
    [0, "0"],
    [-0, "0"],
    [-1.5, "-1.5"],
    [1e-7, "0"],
    [0.000_001, "0.000001"],
    [1 / 3, "0.333333"],
    [2 ** 53, "9007199254740992"],
    [1e21, "1000000000000000000000"],
  ] as const) {
    it(`writes the number ${value} as ${written}`, () => {
      assert.equal(
        metricLine({ metric: "ledgerSize", labels: {}, value }, null, moment),
        `pantheros.ledger.size:${written}|g`,
      );
    });
  }

  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    it(`is not written when its value is ${value}`, () => {
      assert.equal(metricLine({ metric: "ledgerSize", labels: {}, value }, null, moment), null);
    });
  }

  it("is not written when the catalogue does not know it", () => {
    assert.equal(metricLine(sampleOf("ofTomorrow", {}, { value: 1 }), null, moment), null);
  });

  it("is one line of the documented shape, whatever its labels and value", () => {
    const shape = /^pantheros\.backup\.size:-?\d+(\.\d{1,6})?\|g\|#job:[^,|#\n\r]*,target:[^,|#\n\r]*$/;
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, fc.double({ noNaN: true, noDefaultInfinity: true }), (job, target, value) => {
        assert.match(metricLine({ metric: "backupSize", labels: { job, target }, value }, null, moment) ?? "", shape);
      }),
    );
  });
});

describe("an event for DogStatsD", () => {
  it("is written as Datadog documents it, lengths in bytes of UTF-8", () => {
    assert.equal(
      eventLine(
        {
          title: "Größe",
          text: "2 GiB 😀",
          alertType: "error",
          at: moment,
          aggregationKey: "nightly",
          tags: { job: "nightly" },
        },
        "atlas",
      ),
      `_e{7,10}:Größe|2 GiB 😀|d:${moment}|k:nightly|t:error|#host:atlas,job:nightly`,
    );
  });

  it("has only what is given", () => {
    assert.equal(eventLine({ title: "a", text: "b", alertType: "info" }, null), "_e{1,1}:a|b|t:info");
  });

  it("is one line, without a pipe of its own", () => {
    assert.equal(
      eventLine({ title: "a\nb", text: "c|t:info\r\nd\n", alertType: "error" }, null),
      "_e{4,12}:a\\nb|c¦t:info\\nd|t:error",
    );
  });

  it("cuts a title of more than 100 bytes and a text of more than 4000, never within a character or an escape", () => {
    const line = eventLine(
      { title: "ü".repeat(51), text: `${"x".repeat(3999)}\n${"y".repeat(9)}`, alertType: "info" },
      null,
    );
    assert.equal(line, `_e{100,3999}:${"ü".repeat(50)}|${"x".repeat(3999)}|t:info`);
  });
});

describe("lines in packets", () => {
  it("fill a packet to its last byte and go on in the next", () => {
    assert.deepEqual(packetsOf(["aaaa", "bbbb", "c"], 9), ["aaaa\nbbbb", "c"]);
    assert.deepEqual(packetsOf(["aaaa", "bbbb", "c"], 8), ["aaaa", "bbbb\nc"]);
    assert.deepEqual(packetsOf(["üü", "bb"], 6), ["üü", "bb"]);
  });

  it("are never cut, and none is lost", () => {
    assert.deepEqual(packetsOf(["a", "b".repeat(20), "c"], 9), ["a", "b".repeat(20), "c"]);
    assert.deepEqual(packetsOf([], 9), []);
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-zü]{1,30}$/)), fc.integer({ min: 1, max: 80 }), (lines, limit) => {
        const packets = packetsOf(lines, limit);
        assert.deepEqual(
          packets.flatMap((packet) => packet.split("\n")),
          lines,
        );
        for (const packet of packets) assert.ok(!packet.includes("\n") || Buffer.byteLength(packet) <= limit);
      }),
    );
  });
});
