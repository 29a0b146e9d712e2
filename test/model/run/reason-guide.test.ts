import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../../../src/commands/index.ts";
import { passingReasons, type Reason, reasons } from "../../../src/model/run/outcome.ts";
import { isRetried, reasonGuide } from "../../../src/model/run/reason-guide.ts";

describe("the guide to reasons", () => {
  it("explains every reason of the closed list, in its order, and no other", () => {
    assert.deepEqual(Object.keys(reasonGuide), Object.keys(reasons));
  });

  for (const [reason, guide] of Object.entries(reasonGuide)) {
    it(`says of ${reason} what it means, what causes it, what to do and who gives it`, () => {
      for (const sentence of [guide.meaning, guide.passes]) assert.match(sentence, /^[A-Z].*\.$/s);
      for (const list of [guide.causes, guide.remedies, guide.givenBy]) assert.ok(list.length > 0);
      assert.ok(
        guide.remedies.some(({ command }) => command !== undefined) || reason === "condition",
        "a command to type",
      );
      for (const text of [...guide.causes, ...guide.remedies.map(({ what }) => what)])
        assert.match(text, /^\S.*[^.\s]$/);
      for (const [program, how] of guide.givenBy) assert.ok(program !== "" && how !== "");
    });

    it(`names for ${reason} only commands of pantheros that there are`, () => {
      const text = JSON.stringify(guide);
      for (const [, name] of text.matchAll(/pantheros ([a-z]+)(?= |”|")/g))
        if (/^(?:knows|reads|does|supports)$/.test(name ?? "") === false)
          assert.ok(Object.hasOwn(commands, name ?? ""), name);
    });
  }

  it("promises retries for the reasons that the engine retries", () => {
    const retried = (Object.keys(reasons) as Reason[]).filter(isRetried);
    assert.deepEqual(new Set(retried), new Set(passingReasons));
  });
});
