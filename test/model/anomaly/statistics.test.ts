import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { median, spreadAround } from "../../../src/model/anomaly/statistics.ts";

const values = fc.array(fc.integer(), { minLength: 1, maxLength: 40 });

describe("the median", () => {
  it("is the value in the middle, or between the two in the middle", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(median([7]), 7);
    assert.equal(median([]), null);
  });

  it("knows no order and changes nothing that it is given", () => {
    fc.assert(
      fc.property(values, (given) => {
        const before = [...given];
        assert.equal(median(given), median(given.toReversed()));
        assert.deepEqual(given, before);
      }),
    );
  });

  it("has at most half of the values on each side", () => {
    fc.assert(
      fc.property(values, (given) => {
        const middle = median(given) ?? Number.NaN;
        assert.ok(given.filter((value) => value < middle).length <= given.length / 2);
        assert.ok(given.filter((value) => value > middle).length <= given.length / 2);
      }),
    );
  });
});

describe("the spread", () => {
  it("is a standard deviation for what is spread evenly around its centre, as noise is", () => {
    assert.ok(Math.abs(spreadAround(0, [-0.6745, 0.6745, -3, 3, 0.1, -0.1], 0) - 1) < 0.001);
  });

  it("has a floor, for values that never differ, and for none at all", () => {
    assert.equal(spreadAround(5, [5, 5, 5], 0.1), 0.1);
    assert.equal(spreadAround(5, [], 0.1), 0.1);
  });

  it("is not moved by one value, however far away it is", () => {
    const usual = [1, 2, 3, 4, 5, 6, 7];
    assert.ok(spreadAround(4, [...usual, 1e12], 0) < 2 * spreadAround(4, usual, 0));
  });
});
