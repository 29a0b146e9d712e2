import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  byteHours,
  clip,
  covered,
  type StoredPoint,
  stretchesOf,
  together,
} from "../../../src/model/cost/byte-hours.ts";

const moments = fc.integer({ min: 0, max: 1_000_000 });
const amounts = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.double({ min: 0, max: 1e15, noNaN: true }));
const histories = fc.array(fc.record({ at: moments, bytes: amounts }), { maxLength: 20 });
const bands = fc.tuple(amounts, amounts).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

/** Equal but for rounding, on the scale of everything that was added up. */
function same(a: number, b: number, scale: number): void {
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, scale), `${a} is not ${b}`);
}
const scaleOf = (points: readonly StoredPoint[]) => Math.max(0, ...points.map(({ bytes }) => bytes)) * 300;

describe("byte-hours", () => {
  it("of 2 GB for a day, then growing to 4 GB on the next, then staying", () => {
    const points = [
      { at: 0, bytes: 2e9 },
      { at: 86_400, bytes: 2e9 },
      { at: 2 * 86_400, bytes: 4e9 },
    ];
    assert.equal(byteHours(stretchesOf(points, 0, 3 * 86_400)), 24 * (2e9 + 3e9 + 4e9));
  });

  it("of what is above 3 GB of a growth from 2 to 4 are those of its last half", () => {
    const points = [
      { at: 0, bytes: 2e9 },
      { at: 86_400, bytes: 4e9 },
    ];
    assert.equal(byteHours(stretchesOf(points, 0, 86_400), 3e9), 12 * 0.5e9);
    assert.equal(byteHours(stretchesOf(points, 0, 86_400), 0, 3e9), 24 * 3e9 - 12 * 0.5e9);
  });

  it("before the first measurement are not known, and not said", () => {
    const stretches = stretchesOf([{ at: 50, bytes: 7 }], 0, 100);
    assert.deepEqual(stretches, [{ from: 50, until: 100, start: 7, end: 7 }]);
    assert.equal(covered(stretches), 50);
    assert.deepEqual(stretchesOf([], 0, 100), []);
  });

  it("come of measurements in any order; of several at one moment the last one counts", () => {
    const points = [
      { at: 50, bytes: 2 },
      { at: 0, bytes: 9 },
      { at: 0, bytes: 1 },
    ];
    assert.deepEqual(stretchesOf(points, 0, 100), [
      { from: 0, until: 50, start: 1, end: 2 },
      { from: 50, until: 100, start: 2, end: 2 },
    ]);
  });

  it("of a band are the same when as much is removed as was added", () => {
    const [rising, falling] = [[0, 4e9] as const, [4e9, 0] as const].map(([start, end]) =>
      byteHours([{ from: 0, until: 86_400, start, end }], 1e9, 2e9),
    );
    // A quarter of the day between the edges, half of it above them.
    assert.deepEqual([rising, falling], [24 * (0.25 * 0.5e9 + 0.5 * 1e9), rising]);
  });

  it("begin with what was measured before the time that is asked for", () => {
    const points = [
      { at: -100, bytes: 0 },
      { at: 100, bytes: 200 },
    ];
    assert.deepEqual(stretchesOf(points, 0, 50), [{ from: 0, until: 50, start: 100, end: 150 }]);
  });

  it("add up over any division of the time", () => {
    fc.assert(
      fc.property(histories, moments, moments, bands, (points, a, b, [above, upTo]) => {
        const whole = stretchesOf(points, 0, 1_000_000);
        const cuts = [0, Math.min(a, b), Math.max(a, b), 1_000_000];
        const parts = cuts.slice(1).map((cut, i) => byteHours(clip(whole, cuts[i] ?? 0, cut), above, upTo));
        same(
          parts.reduce((sum, part) => sum + part, 0),
          byteHours(whole, above, upTo),
          scaleOf(points),
        );
      }),
    );
  });

  it("add up over any division into bands, none of which is negative", () => {
    fc.assert(
      fc.property(histories, amounts, (points, edge) => {
        const whole = stretchesOf(points, 0, 1_000_000);
        const [below, beyond] = [byteHours(whole, 0, edge), byteHours(whole, edge)];
        assert.ok(below >= 0 && beyond >= 0);
        same(below + beyond, byteHours(whole), scaleOf(points));
      }),
    );
  });

  it("never shrink as time goes on, nor when more is stored", () => {
    fc.assert(
      fc.property(histories, moments, moments, amounts, amounts, (points, a, b, above, more) => {
        const until = (end: number, extra = 0) => {
          const stored = points.map(({ at, bytes }) => ({ at, bytes: bytes + extra }));
          return byteHours(stretchesOf(stored, 0, end), above);
        };
        const slack = 1e-9 * Math.max(1, scaleOf(points));
        assert.ok(until(Math.max(a, b)) >= until(Math.min(a, b)) - slack);
        assert.ok(until(a, more) >= until(a) - slack);
      }),
    );
  });

  it("of several together are those of each, added up", () => {
    fc.assert(
      fc.property(fc.array(histories, { maxLength: 4 }), (all) => {
        const parts = all.map((points) => stretchesOf(points, 0, 1_000_000));
        const sum = parts.reduce((total, part) => total + byteHours(part), 0);
        same(byteHours(together(parts)), sum, scaleOf(all.flat()) * 4);
      }),
    );
  });
});
