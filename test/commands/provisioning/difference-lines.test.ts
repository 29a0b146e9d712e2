import assert from "node:assert/strict";
import { it } from "node:test";
import { differenceLines } from "../../../src/commands/provisioning/difference-lines.ts";
import { createStyle } from "../../../src/commands/terminal/style.ts";

const plain = createStyle({ isTTY: false } as NodeJS.WriteStream, {});

it("what was as by default is called so, in one line and in several", () => {
  const told = (after: readonly string[][]) => differenceLines({ path: "x", before: null, after }, plain);
  assert.deepEqual(told([["a"]]), ['      x: default → [["a"]]']);
  const [head, gone, ...come] = told([["a".repeat(100)]]);
  assert.deepEqual([head, gone], ["      x:", "        - (default)"]);
  assert.ok(come.length > 0 && come.every((line) => line.startsWith("        + ")));
});
