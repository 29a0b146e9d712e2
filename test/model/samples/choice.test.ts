import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { drawSample, type Sized } from "../../../src/model/samples/choice.ts";

function draw(seed: string, limit: Parameters<typeof drawSample>[1], files: readonly Sized[]): readonly Sized[] {
  const sample = drawSample(seed, limit);
  for (const file of files) sample.offer(file);
  return sample.chosen();
}
const many = Array.from({ length: 1000 }, (_, index) => ({ path: `/f${index}`, size: 10 }));

describe("a sample", () => {
  it("is the same for the same seed in whatever order files are offered, another one for another seed", () => {
    const first = draw("run 1", { files: 20 }, many);
    assert.deepEqual(draw("run 1", { files: 20 }, many.toReversed()), first);
    assert.notDeepEqual(draw("run 2", { files: 20 }, many), first);
  });

  it("is as much as fits", () => {
    for (const [bytes, files] of [
      [19, 1],
      [20, 2],
      [29, 2],
    ] as const)
      assert.equal(draw("run 1", { files: 20, bytes }, many).length, files);
  });

  it("leaves no part of a snapshot out for ever", () => {
    const seen = new Set(Array.from({ length: 200 }, (_, run) => draw(`run ${run}`, { files: 50 }, many)).flat());
    assert.equal(seen.size, 1000);
  });

  it("never draws more than it may, nor twice, and something where there is something", () => {
    const sizes = fc.array(fc.nat(100), { maxLength: 60 });
    fc.assert(
      fc.property(
        fc.string(),
        sizes,
        fc.integer({ min: 1, max: 20 }),
        fc.option(fc.nat(300)),
        (seed, all, files, bytes) => {
          const offered = all.map((size, index) => ({ path: `/${index}`, size }));
          const limit = bytes === null ? { files } : { files, bytes };
          const chosen = draw(seed, limit, offered);
          assert.ok(chosen.length <= files && new Set(chosen).size === chosen.length);
          assert.equal(chosen.length === 0, offered.length === 0);
          const sum = chosen.reduce((total, { size }) => total + size, 0);
          assert.ok(bytes === null || sum <= bytes || chosen.length === 1);
          if (bytes === null) assert.equal(chosen.length, Math.min(files, offered.length));
        },
      ),
    );
  });
});
