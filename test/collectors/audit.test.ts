import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { audit } from "../../src/collectors/audit.ts";
import { collectorContextOf } from "../support/collector-context.ts";

const look = (layout?: object) => audit.collect(collectorContextOf(layout ? { layout } : {}));
const report = (name: string) => new URL(`../fixtures/facter/0.4.1/${name}.json`, import.meta.url).pathname;

describe("the audit collector", () => {
  it("publishes nothing where no layout is configured", async () => {
    assert.deepEqual(await look(), { samples: [] });
  });

  it("counts by rule, and leaves out what it could not judge", { timeout: 60_000 }, async () => {
    const { samples } = await look({
      subvolumes: { "@pantheros-not-there": { mount_point: "/nonexistent/pantheros" } },
    });
    const value = (metric: string, rule: string) =>
      samples.find((sample) => sample.metric === metric && (sample.labels as { rule?: string }).rule === rule)?.value;
    assert.equal(value("layoutViolations", "mounted"), 1);
    assert.equal(value("layoutHolding", "mounted"), 0);
    assert.equal(value("layoutUnknown", "mounted"), 0);
    assert.equal(value("layoutUnknown", "copy_on_write"), 1);
    assert.equal(value("layoutViolations", "copy_on_write"), undefined, "nothing was ruled out");
    assert.equal(value("layoutUnknown", "compression"), undefined, "nobody asked");
    assert.deepEqual(samples[0], { metric: "layoutInfo", labels: { profile: "none" }, value: 1 });
  });

  it("says which layout it chose by the hardware", { timeout: 60_000 }, async () => {
    const { samples } = await look({ profile: "auto", facter: report("virtio-scsi") });
    assert.deepEqual(samples[0], { metric: "layoutInfo", labels: { profile: "hetzner" }, value: 1 });
  });

  for (const [name, message] of [
    ["two-virtual-disks", /hetzner, contabo fit/],
    ["truncated", /is not whole JSON/],
    ["other-version", /of version 2/],
    ["not-there", /cannot be read/],
  ] as const) {
    it(`fails, and publishes no number, when the report is ${name}`, async () => {
      await assert.rejects(look({ profile: "auto", facter: report(name) }), message);
    });
  }
});
