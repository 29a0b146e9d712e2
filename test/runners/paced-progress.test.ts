import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pacedProgress } from "../../src/runners/paced-progress.ts";

/** What is handed on of an update at each of these moments, milliseconds. */
function handedOn(moments: readonly number[]): readonly (number | undefined)[] {
  let at = 0;
  const heard: (number | undefined)[] = [];
  const progress = pacedProgress({ now: () => at, progress: ({ bytesDone }) => heard.push(bytesDone) });
  for (const moment of moments) {
    at = moment;
    progress({ bytesDone: moment });
  }
  return heard;
}

describe("progress of every chunk", () => {
  it("is told at once, and then four times a second", () => {
    assert.deepEqual(handedOn([1000, 1001, 1249, 1250, 1499, 5000, 5001]), [1000, 1250, 5000]);
  });

  it("goes on although the clock is set back", () => {
    assert.deepEqual(handedOn([9_000_000, 1000, 1001, 1250]), [9_000_000, 1000, 1250]);
  });
});
