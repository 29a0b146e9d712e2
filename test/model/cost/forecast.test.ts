import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { outlookOf, trendOf } from "../../../src/model/cost/forecast.ts";

const day = 86_400;
const daily = (...bytes: readonly number[]) => bytes.map((amount, n) => ({ at: n * day, bytes: amount }));

/** How often a value of Student's t lies within ±t; with x = √ν·tan θ its density is a power of the cosine. */
function shareWithin(t: number, degrees: number): number {
  const area = (until: number) => {
    const heights = Array.from({ length: 2000 }, (_, i) => Math.cos(((i + 0.5) * until) / 2000) ** (degrees - 1));
    return heights.reduce((sum, height) => sum + height, 0) * until;
  };
  return area(Math.atan(t / Math.sqrt(degrees))) / area(Math.PI / 2);
}

describe("the trend", () => {
  it("of what grows by 5 a day is 5 a day, whatever lies between", () => {
    const trend = trendOf(daily(10, 15, 20, 25));
    assert.ok(Math.abs((trend?.bytesPerDay ?? 0) - 5) < 1e-9);
    assert.ok((trend?.scatter ?? 1) < 1e-6);
  });

  it("of measurements that lie about a line says how far from it, and how sure the growth is", () => {
    const { bytesPerDay = 0, scatter = 0, error = 0, points } = trendOf(daily(1, 3, 2, 5, 4)) ?? {};
    assert.deepEqual(
      [bytesPerDay, scatter, error, points].map((value = 0) => value.toFixed(4)),
      [
        "0.8000",
        "1.0954", // the root of 3.6 / 3
        "0.3464", // that over the root of 10
        "5.0000",
      ],
    );
  });

  it("needs two measurements that are an hour apart", () => {
    assert.equal(trendOf([]), null);
    assert.equal(trendOf(daily(7)), null);
    const apart = (seconds: number) =>
      trendOf([
        { at: 0, bytes: 1 },
        { at: seconds, bytes: 9 },
      ]);
    assert.equal(apart(3599), null);
    assert.deepEqual(apart(3600), { bytesPerDay: 192, scatter: 0, error: 0, points: 2 });
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

  it("holds what comes four times of five, as Student's t has it, from three measurements on", () => {
    const trend = { bytesPerDay: 0, scatter: 10, error: 0 };
    assert.equal(outlookOf(100, { ...trend, points: 2 }, 0, day).high, null);
    for (const points of [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 100]) {
      const { low, high } = outlookOf(100, { ...trend, points }, 0, day);
      const reach = (high?.end ?? 0) - 100;
      assert.equal(low?.end, 100 - reach);
      const off = Math.abs(shareWithin(reach / 10, points - 2) - 0.8);
      assert.ok(off < (points < 13 ? 0.0005 : 0.03), `${points} points: ${off}`);
    }
  });

  it("begins as far off as measurements scatter, and ends further off by what the growth may be wrong", () => {
    const { likely, low, high } = outlookOf(40, { bytesPerDay: 8, scatter: 3, error: 2, points: 100 }, 0, 2 * day);
    assert.deepEqual([likely.start, likely.end], [40, 56]);
    assert.deepEqual([low?.start, high?.start], [40 - 1.282 * 3, 40 + 1.282 * 3]);
    assert.deepEqual([low?.end, high?.end], [56 - 1.282 * 5, 56 + 1.282 * 5]);
  });

  it("of what shrinks ends at nothing, and is what is stored now where no time is left", () => {
    const shrinking = { bytesPerDay: -9, scatter: 1, error: 0, points: 9 };
    const { likely, low } = outlookOf(10, shrinking, 0, 5 * day);
    assert.deepEqual([likely.end, low?.end], [0, 0]);
    assert.equal(outlookOf(10, shrinking, day, 0).likely.end, 10);
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
