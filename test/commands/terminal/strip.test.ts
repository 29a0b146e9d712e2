import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawStrip, type Strip } from "../../../src/commands/terminal/strip.ts";

const plain = { dim: (text: string) => text };
const draw = (scales: string, more: Partial<Strip> = {}) =>
  drawStrip({
    cells: [...scales].map((scale) => ({ mark: scale.toLowerCase(), scale })),
    labels: (scale, isFirst) => (isFirst ? [`${scale}${scale} 2026`, scale + scale] : [scale + scale]),
    width: 20,
    mostRows: 3,
    paint: (mark) => mark,
    style: plain,
    ...more,
  });

describe("a strip", () => {
  it("has a label above the first cell of each stretch", () => {
    assert.deepEqual(draw("AAAAAAAABBBBBCC").lines, ["AA 2026 BB   CC", "aaaaaaaabbbbbcc"]);
  });

  it("writes the label that fits before the next one, and none where none does", () => {
    assert.deepEqual(draw("AAABBBC").lines, ["AA BB CC", "aaabbbc"]);
    assert.deepEqual(draw("AABCCC").lines, ["    CC".slice(1), "aabccc"]);
  });

  it("goes on in further rows that fit, each with labels of its own, so that the last is full and ends with the newest", () => {
    const { lines, omitted } = draw("A".repeat(12) + "B".repeat(13), { width: 10 });
    assert.deepEqual(lines, ["AA 2026", "aaaaa", "AA     BB", "aaaaaaabbb", "BB 2026", "bbbbbbbbbb"]);
    assert.equal(omitted, 0);
  });

  it("leaves out the oldest, and says how many", () => {
    const { lines, omitted } = draw("A".repeat(25), { width: 10, mostRows: 2 });
    assert.deepEqual([lines.length, omitted], [4, 5]);
  });

  it("has cells of more than one character", () => {
    assert.deepEqual(draw("ABC", { cellWidth: 5 }).lines, ["AA   BB   CC", "a    b    c"]);
  });

  it("is nothing of nothing", () => {
    assert.deepEqual(draw(""), { lines: [], omitted: 0 });
  });
});
