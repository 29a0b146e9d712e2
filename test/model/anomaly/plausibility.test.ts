import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { implausiblySmall, plausibleHistory } from "../../../src/model/anomaly/plausibility.ts";

describe("the size of a dump", () => {
  it("is held against the median of the last good ones", () => {
    assert.deepEqual(implausiblySmall(49, [100, 90, 110], 0.5), { usual: 100, smallest: 50 });
    assert.equal(implausiblySmall(50, [100, 90, 110], 0.5), null);
    assert.deepEqual(implausiblySmall(10, [100, 40], 0.5), { usual: 70, smallest: 35 });
  });

  it("is believed where there is nothing to hold it against, or where any size is accepted", () => {
    assert.equal(implausiblySmall(1, [], 0.5), null);
    assert.equal(implausiblySmall(0, [1_000_000], 0), null);
  });

  it("is not judged by a single odd one, huge or tiny", () => {
    assert.equal(implausiblySmall(60, [100, 1_000_000, 90], 0.5), null);
    assert.ok(implausiblySmall(40, [100, 1, 90], 0.5));
  });

  it("forgets what is long ago, so that data may shrink for good", () => {
    const small = Array.from({ length: plausibleHistory }, () => 10);
    assert.equal(implausiblySmall(10, [...small, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000], 0.5), null);
  });

  it("is believed whenever it has grown, and the more the ratio is lowered, the more is believed", () => {
    const sizes = fc.array(fc.nat(), { minLength: 1, maxLength: 10 });
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(sizes, ratio, (earlier, least) => implausiblySmall(Math.max(...earlier), earlier, least) === null),
    );
    fc.assert(
      fc.property(fc.nat(), sizes, ratio, ratio, (size, earlier, one, other) => {
        if (implausiblySmall(size, earlier, Math.max(one, other)) === null)
          assert.equal(implausiblySmall(size, earlier, Math.min(one, other)), null);
      }),
    );
  });
});
