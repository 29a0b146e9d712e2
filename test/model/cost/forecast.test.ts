import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { outlookOf, trendOf } from "../../../src/model/cost/forecast.ts";

const day = 86_400;
const daily = (...bytes: readonly number[]) => bytes.map((amount, n) => ({ at: n * day, bytes: amount }));

describe("the trend", () => {
  it("of what grows by 5 a day is 5 a day, whatever lies between", () => {
    const trend = trendOf(daily(10, 15, 20, 25));
    assert.ok(Math.abs((trend?.bytesPerDay ?? 0) - 5) < 1e-9);
    assert.ok((trend?.scatter ?? 1) < 1e-6);
  });

  it("needs two measurements that are an hour apart", () => {
    assert.equal(trendOf([]), null);
    assert.equal(trendOf(daily(7)), null);
    assert.equal(
      trendOf([
        { at: 0, bytes: 1 },
        { at: 60, bytes: 9 },
      ]),
      null,
    );
  });
});

describe("the outlook", () => {
  it("without a trend is what is stored now, and says nothing of how sure it is", () => {
    assert.deepEqual(outlookOf(7, null, 0, day), {
      likely: { from: 0, until: day, start: 7, end: 7 },
      low: null,
      high: null,
    });
  });

  it("of a straight line is that line, and sure", () => {
    const { likely, low, high } = outlookOf(25, trendOf(daily(10, 15, 20, 25)), 3 * day, 5 * day);
    assert.ok(Math.abs(likely.end - 35) < 1e-6);
    assert.ok(Math.abs((high?.end ?? 0) - (low?.end ?? 0)) < 1e-6);
  });

  it("is wider where what was measured jumps about, and further ahead", () => {
    const width = (points: ReturnType<typeof daily>, until: number) => {
      const { low, high } = outlookOf(20, trendOf(points), 5 * day, until);
      return (high?.end ?? 0) - (low?.end ?? 0);
    };
    assert.ok(width(daily(100, 150, 90, 160, 110), 6 * day) > width(daily(100, 120, 110, 130, 120), 6 * day));
    assert.ok(width(daily(100, 150, 90, 160, 110), 30 * day) > width(daily(100, 150, 90, 160, 110), 6 * day));
  });

  it("never is less than nothing, and lies between its ends", () => {
    const points = fc.array(fc.record({ at: fc.nat(30 * day), bytes: fc.nat(1e12) }), { maxLength: 12 });
    fc.assert(
      fc.property(points, fc.nat(1e12), fc.nat(30), (history, bytes, days) => {
        const { likely, low, high } = outlookOf(bytes, trendOf(history), 0, days * day);
        assert.ok(likely.start >= 0 && likely.end >= 0);
        if (low && high) assert.ok(low.end >= 0 && low.end <= likely.end && likely.end <= high.end);
      }),
    );
  });
});
