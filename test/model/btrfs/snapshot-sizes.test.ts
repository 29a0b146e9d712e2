import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { dueForMeasuring, notesOf, type SizeNotes, sizeOf } from "../../../src/model/btrfs/snapshot-sizes.ts";

const now = 1_795_251_600;

describe("the size of a subvolume's snapshots", () => {
  it("is the sum once each of them is measured, as old as the oldest measurement", () => {
    const notes: SizeNotes = { a: [100, 50], b: [1, 40], gone: [7, 1] };
    assert.deepEqual(sizeOf(["a", "b"], notes), { bytes: 101, measuredSince: 40, measured: 1, failures: [] });
  });

  it("is unknown, not small, while one is not measured or could not be", () => {
    const notes: SizeNotes = { a: [100, 50], b: ["b took too long", 40] };
    const { bytes, measured, measuredSince, failures } = sizeOf(["a", "b", "c", "d"], notes);
    assert.deepEqual([bytes, measuredSince, measured, failures], [null, null, 0.25, ["b took too long"]]);
  });

  it("of no snapshots is nothing, and that is known", () => {
    assert.deepEqual(sizeOf([], {}), { bytes: 0, measuredSince: null, measured: 1, failures: [] });
  });
});

describe("what is measured next", () => {
  it("is what never was, then the oldest, and nothing that is fresh", () => {
    const notes: SizeNotes = {
      old: [1, now - 200],
      older: [1, now - 300],
      fresh: [1, now - 10],
      failed: ["no", now - 10],
    };
    const uuids = ["fresh", "old", "older", "failed", "new"];
    assert.deepEqual(dueForMeasuring(uuids, notes, { fresh: 100, now }), ["new", "older", "old"]);
  });

  it("is also what was measured while the clock was ahead", () => {
    assert.deepEqual(dueForMeasuring(["a"], { a: [1, now + 1000] }, { fresh: 100, now }), ["a"]);
  });
});

describe("notes from another time", () => {
  it("are kept as far as they have the shape of notes, whatever was recalled", () => {
    assert.deepEqual(notesOf({ a: [1, 2], b: ["why", 2], c: [-1, 2], d: [1], e: null, f: [1, "2"] }), {
      a: [1, 2],
      b: ["why", 2],
    });
    fc.assert(fc.property(fc.jsonValue(), (recalled) => void sizeOf(["a"], notesOf(recalled))));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.tuple(fc.nat(), fc.integer({ min: 1 }))), (notes) => {
        assert.deepEqual(notesOf(JSON.parse(JSON.stringify(notes))), { ...notes });
      }),
    );
  });
});
