import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { stepBase } from "../../src/config/sections/jobs.ts";
import { stepKinds } from "../../src/model/run/run.ts";
import type { Runner } from "../../src/runners/runner.ts";

/** What holds for every runner, whoever wrote it: the configuration, the help and the docs rely on it. */
export function describeRunners(runners: readonly Runner[]): void {
  describe("every runner", () => {
    it("has a name of its own", () => {
      const names = runners.map(({ uses }) => uses);
      assert.deepEqual(names, [...new Set(names)]);
    });

    for (const runner of runners) describe(runner.uses, () => describeRunner(runner));
  });
}

function describeRunner(runner: Runner): void {
  it("is called by words in lower case, joined by dots and dashes", () => {
    assert.match(runner.uses, /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/);
  });

  it("says what it does in one sentence", () => {
    assert.match(runner.summary, /^[A-Z][^\n]{10,160}[^\s.]\.?$/);
  });

  it("says how much it can do, and what it counts as", () => {
    assert.ok(["read-only", "creates", "deletes"].includes(runner.risk));
    assert.ok(stepKinds.includes(runner.kind));
  });

  it("refuses options that it does not know", () => {
    const parsed = runner.options.safeParse({ "no such option": 1 });
    assert.equal(parsed.success, false);
    const unknown = parsed.error?.issues.some(({ code }) => code === "unrecognized_keys");
    assert.ok(unknown, "use z.strictObject");
  });

  it("has no option that a step has already", () => {
    for (const taken of Object.keys(stepBase.shape)) assert.ok(!(taken in runner.options.shape), taken);
  });

  it("describes its options and what it leaves behind, so that schema and docs can be generated", () => {
    for (const [name, schema] of Object.entries({ ...runner.options.shape, ...runner.produces.shape })) {
      assert.match(name, /^[a-z][a-z0-9_]*$/);
      assert.ok(descriptionOf(schema as z.ZodType), `${name} has no description`);
    }
    z.toJSONSchema(runner.options, { io: "input" });
    z.toJSONSchema(runner.produces, { io: "output" });
  });
}

/** Its own, or that of what it wraps: `.optional()`, `.default()`. */
function descriptionOf(schema: z.ZodType): string | undefined {
  const own = schema.meta()?.description;
  const inner = (schema.def as { innerType?: z.ZodType }).innerType;
  return own ?? (inner ? descriptionOf(inner) : undefined);
}
