import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { clockTolerance } from "../../../src/model/time/clock-tolerance.ts";

describe("what clocks may differ by", () => {
  it("is five minutes, and one number for all that judge an age", () => {
    assert.equal(clockTolerance, 300);
    const src = join(import.meta.dirname, "../../../src");
    const declares = (file: string) =>
      /^(?:export )?const clock(?:Tolerance|Slack)\w* =/m.test(readFileSync(file, "utf8"));
    const declaring = globSync("**/*.ts", { cwd: src }).filter((file) => declares(join(src, file)));
    assert.deepEqual(declaring, [join("model", "time", "clock-tolerance.ts")]);
  });
});
