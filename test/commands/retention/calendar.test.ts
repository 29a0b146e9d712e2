import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { calendarLines } from "../../../src/commands/retention/calendar.ts";
import { createStyle } from "../../../src/commands/terminal/style.ts";
import { noon } from "../../collectors/ledger.ts";
import { noTier } from "../../model/retention/policies.ts";

const question = {
  ...{
    timestamps: [noon],
    policy: { ...noTier, daily: 3 },
    timezone: "UTC",
    inForceSince: 0,
    producers: [],
    now: noon,
  },
};
const linesAt = (width: number) => calendarLines(question, width, createStyle({}, { LANG: "C" }));

describe("the calendar of a tier", () => {
  it("explains its marks in lines that fit, and parts no mark from its meaning", () => {
    for (const width of [40, 80, 100]) {
      const lines = linesAt(width);
      for (const line of lines) assert.ok(line.length <= width, `${width}: ${line}`);
      const legend = lines.slice(lines.lastIndexOf("") + 1).flatMap((line) => line.trim().split(/ {2,}/));
      assert.deepEqual(legend, [
        "# held",
        "x missing",
        ". not owed, or not yet",
        "+ too many",
        "o held for another tier",
      ]);
    }
  });
});
