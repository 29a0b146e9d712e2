import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sparkline } from "../../../src/commands/terminal/sparkline.ts";
import { formatUsd } from "../../../src/model/cost/money.ts";

const draw = (values: readonly number[], isUnicode = true, width = values.length) =>
  sparkline(
    values.map((value, at) => ({ at, value })),
    { from: -1, until: values.length - 1, width, style: { isUnicode } },
  );

describe("a sparkline", () => {
  it("goes from the lowest to the highest", () => {
    assert.equal(draw([0, 1, 2, 3, 4, 5, 6, 7]), "▁▂▃▄▅▆▇█");
    assert.equal(draw([5, 9], false), "_#");
  });

  it("of what does not change is level, and before the first value empty", () => {
    assert.equal(draw([3, 3, 3]), "▅▅▅");
    assert.equal(
      sparkline([{ at: 5, value: 1 }], { from: 0, until: 10, width: 4, style: { isUnicode: true } }),
      " ▅▅▅",
    );
    assert.equal(sparkline([], { from: 0, until: 10, width: 3, style: { isUnicode: true } }), "   ");
  });
});

describe("US dollars", () => {
  for (const [amount, text] of [
    [0, "$0.00"],
    [3.912, "$3.91"],
    [0.1, "$0.10"],
    [0.0042, "$0.0042"],
    [0.00001, "<$0.0001"],
    [-2, "-$2.00"],
  ] as const) {
    it(`${amount} are ${text}`, () => assert.equal(formatUsd(amount), text));
  }
});
