import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  coverageOf,
  expectedCoverage,
  mostParts,
  nextPart,
  type PastCheck,
  partsFor,
  usualInterval,
} from "../../src/model/check-rotation.ts";

const day = 86_400;
const month = 30 * day;

/** A check at each moment, each of the part that is due then. */
function checkAt(moments: readonly number[], parts: number, before: readonly PastCheck[] = []): PastCheck[] {
  const checks = [...before];
  for (const at of moments) checks.push({ at, part: nextPart(checks, parts, at) });
  return checks;
}
const daily = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index * day);
const parts = fc.integer({ min: 1, max: mostParts });

describe("the rotation of checks", () => {
  it("reads every part once before it reads one again, in order", () => {
    const numbers = checkAt(daily(7), 3).map(({ part }) => part.number);
    assert.deepEqual(numbers, [1, 2, 3, 1, 2, 3, 1]);
  });

  it("covers all of it with 30 daily runs of 30 parts", () => {
    const checks = checkAt(daily(30), 30);
    assert.deepEqual(coverageOf(checks, month, 29 * day), { ratio: 1, oldestSeconds: 29 * day });
  });

  it("has covered a share of it before the first round is over, and cannot tell the oldest", () => {
    const coverage = coverageOf(checkAt(daily(16), 32), month, 15 * day);
    assert.deepEqual(coverage, { ratio: 0.5, oldestSeconds: null });
    assert.deepEqual(coverageOf([], month, 0), { ratio: 0, oldestSeconds: null });
  });

  it("loses coverage when days are missed, and takes up again what waits longest", () => {
    const checks = checkAt(daily(32), 32);
    const after = coverageOf(checks, month, 41 * day);
    assert.equal(after.ratio, 21 / 32, "the parts of the last 30 days, both ends included");
    assert.equal(after.oldestSeconds, 41 * day);
    assert.deepEqual(nextPart(checks, 32, 41 * day), { number: 1, of: 32 });
  });

  it("keeps what it has read when the number of parts is changed", () => {
    const checks = checkAt(daily(3), 4);
    assert.equal(coverageOf(checks, month, 3 * day).ratio, 0.75);
    assert.deepEqual(nextPart(checks, 8, 3 * day), { number: 4, of: 8 }, "parts 4 and 8 of 8 were part 4 of 4");
    const more = checkAt([3 * day, 4 * day], 8, checks);
    assert.equal(coverageOf(more, month, 4 * day).ratio, 1);
  });

  it("counts for nothing what is dated after now, and does not wait for that day", () => {
    const wrong = checkAt(daily(4, 1000 * day), 4);
    assert.deepEqual(coverageOf(wrong, month, 10 * day), { ratio: 0, oldestSeconds: null });
    const right = checkAt(daily(4, 10 * day), 4, wrong);
    assert.equal(coverageOf(right, month, 13 * day).ratio, 1);
  });

  it("whatever the number of parts: that many runs in a row cover all of it, one less does not", () => {
    fc.assert(
      fc.property(parts, fc.array(fc.record({ at: fc.nat(1000), number: fc.nat(255), of: parts })), (of, past) => {
        const before = past.map((one) => ({
          at: one.at - 2000,
          part: { number: (one.number % one.of) + 1, of: one.of },
        }));
        const checks = checkAt(
          Array.from({ length: of }, (_, index) => index),
          of,
          before,
        );
        const own = checks.slice(before.length);
        assert.equal(coverageOf(own, of, of - 1).ratio, 1);
        assert.ok(coverageOf(own.slice(1), of, of - 1).ratio < 1);
      }),
    );
  });

  it("is never more than all and never less than the last part, and a further check takes nothing away", () => {
    const moment = fc.integer({ min: 0, max: 90 * day });
    const check = fc.record({ at: moment, number: fc.nat(255), of: parts });
    fc.assert(
      fc.property(fc.array(check, { maxLength: 60 }), check, moment, (some, last, now) => {
        const asCheck = ({ at, number, of }: typeof last) => ({ at, part: { number: (number % of) + 1, of } });
        const before = coverageOf(some.map(asCheck), month, now);
        const after = coverageOf([...some, last].map(asCheck), month, now);
        assert.ok(before.ratio >= 0 && after.ratio <= 1 && after.ratio >= before.ratio);
        if (now >= last.at && now - last.at <= month)
          assert.ok(after.ratio >= Math.floor(mostParts / last.of) / mostParts);
        if (after.oldestSeconds !== null) assert.ok(after.oldestSeconds >= 0);
        const next = nextPart(some.map(asCheck), last.of, now);
        assert.ok(next.number >= 1 && next.number <= last.of && next.of === last.of);
      }),
    );
  });
});

describe("the number of parts", () => {
  it("is the number of checks that fall into the window, at least 1, at most what restic can tell apart", () => {
    assert.deepEqual([30, 4.3, 0.9, 0, 1000].map(partsFor), [30, 4, 1, 1, 256]);
  });

  it("follows the usual time between two checks, whatever their order and the gaps", () => {
    assert.equal(usualInterval([0, day, 2 * day, 9 * day, 10 * day].toReversed()), day);
    assert.equal(usualInterval([5]), null);
    assert.equal(usualInterval([]), null);
  });
});

describe("random subsets", () => {
  it("never cover all of it for certain", () => {
    const yearly = expectedCoverage(Array.from({ length: 52 }, () => 0.05));
    assert.ok(yearly > 0.93 && yearly < 0.94, String(yearly));
    assert.equal(expectedCoverage([]), 0);
    assert.equal(expectedCoverage([1]), 1);
  });
});
