import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { largestInMemory, largestPart, mostParts, partSize } from "../../../src/model/archive/part-sizes.ts";

const mebibyte = 2 ** 20;
const tebibyte = 2 ** 40;

describe("the size of a part", () => {
  it("is 5 MiB for what is small, and grows with what is expected", () => {
    assert.equal(partSize(1, 0), 5 * mebibyte);
    assert.equal(partSize(1, 40e9), 8 * mebibyte);
    assert.equal(partSize(1, tebibyte), 210 * mebibyte);
  });

  it("fits into memory up to 40 GB", () => {
    assert.ok(partSize(1, 40e9) <= largestInMemory);
    assert.ok(partSize(1, 50e9) > largestInMemory);
  });

  const expected = fc.double({ min: 0, max: 20 * tebibyte, noNaN: true });

  it("keeps to the limits of S3", () => {
    fc.assert(
      fc.property(expected, fc.integer({ min: 1, max: mostParts }), (bytes, number) => {
        const size = partSize(number, bytes);
        assert.ok(Number.isInteger(size) && size >= 5 * mebibyte && size <= largestPart);
      }),
    );
  });

  it("leaves room for three times what was expected", () => {
    fc.assert(
      // Also what is of the size of the largest archives, which random numbers seldom are.
      fc.property(
        fc.oneof(
          expected,
          fc.integer({ min: 1, max: 20_000 }).map((gigabytes) => gigabytes * 1e9),
        ),
        (bytes) => {
          let room = 0;
          for (let number = 1; number <= mostParts; number += 1) room += partSize(number, bytes);
          assert.ok(room >= Math.min(3 * bytes, 40 * tebibyte));
        },
      ),
      { numRuns: 60, examples: [[7672780117333.335]] },
    );
  });
});
