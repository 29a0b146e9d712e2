import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { displayWidth, makeVisible, truncate } from "../../../src/commands/terminal/text.ts";

suite("the width of a text", () => {
  const widths: readonly [string, string, number][] = [
    ["letters", "abc", 3],
    ["Chinese", "漢字", 4],
    ["Korean", "한글", 4],
    ["full-width letters", "ＡＢ", 4],
    ["a combining accent", "e\u0301", 1],
    ["an emoji", "🚀", 2],
    ["a family, one character of many", "👩‍👩‍👧", 2],
    ["a flag", "🇩🇪", 2],
    ["a heart that is asked to be an emoji", "❤\ufe0f", 2],
    ["box drawing and dashes", "─│…–", 4],
    ["colours", "\u001b[1;31mab\u001b[0m", 2],
  ];
  for (const [what, text, width] of widths) {
    test(what, () => assert.equal(displayWidth(text), width));
  }
});

suite("cutting a text", () => {
  test("never cuts through a wide character", () => {
    assert.equal(truncate("漢字漢字", 6), "漢字…");
    assert.equal(truncate("漢字漢字", 5), "漢字…");
    assert.equal(truncate("漢字", 4), "漢字");
  });

  test("closes colours behind the cut", () => {
    assert.equal(truncate("\u001b[31mlong text\u001b[39m", 5), "\u001b[31mlong…\u001b[0m");
  });

  test("down to nothing", () => {
    assert.equal(truncate("long", 1), "…");
    assert.equal(truncate("long", 0), "");
    assert.equal(truncate("long", 2, "..."), "..");
  });
});

suite("making a text visible", () => {
  test("lets colours and ordinary text through", () => {
    for (const text of ["plain", "ünï 漢字 👩‍👩‍👧", "\u001b[31mred\u001b[39m"]) assert.equal(makeVisible(text), text);
  });

  test("writes out everything that moves the cursor or turns text around", () => {
    assert.equal(makeVisible("\n\r\t\0\u007f\u0085"), "\\n\\r\\t\\x00\\x7f\\x85");
    assert.equal(makeVisible("\u001b]0;title\u0007\u001b[H\u001b"), "\\x1b]0;title\\x07\\x1b[H\\x1b");
    assert.equal(makeVisible("a\u202eb\u2028"), "a\\u202eb\\u2028");
  });
});
