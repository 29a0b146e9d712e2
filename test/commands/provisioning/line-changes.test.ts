import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type LineChange, lineChanges, linesOf } from "../../../src/commands/provisioning/line-changes.ts";

const written = (changes: readonly LineChange[]) => changes.map(({ sign, line }) => `${sign}${line}`);

describe("what has changed between two texts", () => {
  it("is shown with a line around each change, and a mark between two that are apart", () => {
    const before = ["a", "b", "c", "d", "e", "f", "g"].join("\n");
    const after = ["a", "B", "c", "d", "e", "g", "h"].join("\n");
    assert.deepEqual(written(lineChanges(before, after)), [" a", "-b", "+B", " c", " …", " e", "-f", " g", "+h"]);
  });

  for (const [what, before, after, changes] of [
    ["nothing", "a\nb", "a\nb", []],
    ["one line more at the end", "a\nb", "a\nb\nc", [" b", "+c"]],
    ["one line less at the beginning", "a\nb", "b", ["-a", " b"]],
    ["all", "a", "b", ["-a", "+b"]],
    ["a line that stands twice", "x\nx", "x", ["-x"]],
  ] as const) {
    it(`is told for ${what}`, () => {
      const found = written(lineChanges(before, after)).filter(
        (line) => what !== "a line that stands twice" || line !== " x",
      );
      assert.deepEqual(found, changes);
    });
  }

  it("is, without the lines around it, what turns one into the other with the fewest changes", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, (old, wanted) => {
        const changes = lineChanges(old.join("\n"), wanted.join("\n")).filter(({ sign }) => sign !== " ");
        const gone = changes.filter(({ sign }) => sign === "-").map(({ line }) => line);
        const come = changes.filter(({ sign }) => sign === "+").map(({ line }) => line);
        const count = (lines: readonly string[], one: string) => lines.filter((line) => line === one).length;
        for (const line of "abcd")
          assert.equal(count(old, line) - count(gone, line) + count(come, line), count(wanted, line));
        assert.equal(changes.length, old.length + wanted.length - 2 * longestCommon(old, wanted));
      }),
      { numRuns: 1000 },
    );
  });

  it("is told in bounded time where nothing is the same", () => {
    const lines = (mark: string) => Array.from({ length: 5000 }, (_, index) => `${mark}${index}`).join("\n");
    assert.equal(lineChanges(lines("a"), lines("b")).length, 10_000);
  });
});

it("JSON is written with its keys in one order", () => {
  assert.equal(linesOf({ b: [{ d: 1, c: 2 }], a: null }), linesOf({ a: null, b: [{ c: 2, d: 1 }] }));
  assert.equal(linesOf("b\na"), "b\na");
});

function longestCommon(a: readonly string[], b: readonly string[]): number {
  const table = a.map(() => b.map(() => 0));
  const at = (row: number, column: number) => table[row]?.[column] ?? 0;
  for (const [row, left] of a.entries())
    for (const [column, right] of b.entries())
      (table[row] as number[])[column] =
        left === right ? at(row - 1, column - 1) + 1 : Math.max(at(row - 1, column), at(row, column - 1));
  return at(a.length - 1, b.length - 1);
}
