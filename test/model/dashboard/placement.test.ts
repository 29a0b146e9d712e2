import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { heightOf, pageWidth, placesOf } from "../../../src/model/dashboard/placement.ts";

describe("placesOf", () => {
  it("goes from left to right, and on to a row below the highest of the last one", () => {
    const places = placesOf([
      { width: 6, height: 2 },
      { width: 4, height: 4 },
      { width: 6, height: 3 },
    ]);
    assert.deepEqual(places, [
      { x: 0, y: 0, width: 6, height: 2 },
      { x: 6, y: 0, width: 4, height: 4 },
      { x: 0, y: 4, width: 6, height: 3 },
    ]);
    assert.equal(heightOf(places), 7);
  });

  it("puts nothing over anything else, and nothing beside the page", () => {
    const size = fc.record({ width: fc.integer({ min: 1, max: pageWidth }), height: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(fc.array(size, { maxLength: 20 }), (sizes) => {
        const taken = new Set<string>();
        for (const { x, y, width, height } of placesOf(sizes)) {
          assert.ok(x >= 0 && x + width <= pageWidth);
          for (let column = x; column < x + width; column += 1)
            for (let row = y; row < y + height; row += 1) {
              assert.ok(!taken.has(`${column} ${row}`));
              taken.add(`${column} ${row}`);
            }
        }
      }),
    );
  });
});
