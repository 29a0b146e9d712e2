import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { metadataPressure, roomFor } from "../../../src/model/btrfs/health.ts";

const gibibyte = 2 ** 30;

describe("the room for more chunks", () => {
  it("is all that is free for single, half of it for dup", () => {
    assert.equal(roomFor("single", [3, 5]), 8);
    assert.equal(roomFor("dup", [8]), 4);
  });

  it("of a mirror is what can lie on different devices: a device that is full leaves none", () => {
    for (const [profile, unallocated, expected] of [
      ["raid1", [10, 10], 10],
      ["raid1", [1000, 0], 0],
      ["raid1", [1000, 10], 10],
      ["raid1", [10, 4, 6], 10],
      ["raid1", [1000], 0],
      ["raid10", [6, 6, 6, 6], 12],
      ["raid1c3", [100, 50, 50], 50],
      ["raid1c3", [100, 50], 0],
      ["raid1c4", [8, 8, 8, 8], 8],
      ["raid5", [6, 6, 6], 12],
      ["raid6", [6, 6], 0],
    ] as const) {
      assert.equal(roomFor(profile, unallocated), expected, `${profile} of ${unallocated}`);
    }
  });

  it("of a mirror is what dealing out piece by piece to the emptiest devices finds", () => {
    const devices = fc.array(fc.nat({ max: 40 }), { maxLength: 5 });
    fc.assert(
      fc.property(
        devices,
        fc.constantFrom(["raid1", 2] as const, ["raid1c3", 3] as const),
        (free, [profile, copies]) => {
          const left = [...free];
          let pieces = 0;
          for (;;) {
            left.sort((a, b) => b - a);
            if (left.length < copies || (left[copies - 1] as number) < 1) break;
            for (let copy = 0; copy < copies; copy += 1) left[copy] = (left[copy] as number) - 1;
            pieces += 1;
          }
          // Whole pieces leave less than one behind.
          const room = roomFor(profile, free);
          assert.ok(room >= pieces && room < pieces + 1, `${room} for ${pieces}`);
        },
      ),
    );
  });
});

describe("metadata pressure", () => {
  const metadata = { usedBytes: gibibyte, reserveBytes: gibibyte / 2, totalBytes: 2 * gibibyte, roomBytes: 0 };

  it("counts the reserve as used, since nobody else may have it", () => {
    assert.equal(metadataPressure(metadata), 0.75);
  });

  it("is relieved by what is not allocated yet", () => {
    assert.equal(metadataPressure({ ...metadata, roomBytes: 4 * gibibyte }), 0.25);
  });

  it("is never more than full, and of nothing unknown", () => {
    assert.equal(metadataPressure({ ...metadata, reserveBytes: 9 * gibibyte }), 1);
    assert.equal(metadataPressure({ usedBytes: 0, reserveBytes: 0, totalBytes: 0, roomBytes: 0 }), null);
  });
});
