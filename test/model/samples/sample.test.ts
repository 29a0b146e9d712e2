import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Sample, valueAt } from "../../../src/model/samples/sample.ts";

describe("the value of a sample", () => {
  const age: Sample = { metric: "snapshotAge", labels: { subvol: "home" }, since: 1000 };

  it("that is an age grows while nobody looks", () => {
    assert.equal(valueAt(age, 1000), 0);
    assert.equal(valueAt(age, 4600), 3600);
  });

  it("that is an age is never negative, also when the clock was set back", () => assert.equal(valueAt(age, 400), 0));

  it("that is no age stays what it is, also when it is zero", () => {
    assert.equal(
      valueAt({ metric: "retentionExcess", labels: { kind: "subvolume", subject: "home" }, value: 0 }, 4600),
      0,
    );
    assert.equal(valueAt({ metric: "diskUsage", labels: { device: "/dev/vda" }, value: 0.5 }, 4600), 0.5);
  });
});
