import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wrap } from "../../../src/commands/terminal/wrap.ts";

describe("a wrapped text", () => {
  it("has no line that is too long, and loses no word", () => {
    assert.deepEqual(wrap("one two three four", 9), ["one two", "three", "four"]);
    assert.deepEqual(wrap("one two three", 9, "- ", "  "), ["- one two", "  three"]);
  });

  it("lets a word that is too long stand alone", () => {
    assert.deepEqual(wrap("a unbreakable b", 5), ["a", "unbreakable", "b"]);
  });

  it("counts cells, not characters", () => assert.deepEqual(wrap("日本 語", 5), ["日本", "語"]));
});
