import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLineInput } from "../../../src/commands/terminal/line-input.ts";

/** Sends chunks as a terminal does. @returns how it ended, the line, what is left over and what was drawn */
function typed(...chunks: readonly string[]) {
  let shown = "";
  const input = createLineInput((text) => {
    shown += text;
  });
  let last: ReturnType<typeof input.take> = { ended: null, rest: "" };
  for (const chunk of chunks) if (last.ended === null) last = input.take(chunk);
  return { ...last, text: input.text(), shown };
}

describe("a line typed into a terminal in raw mode", () => {
  for (const [what, chunks, text] of [
    ["typed key by key", ["a", "b", "\r"], "ab"],
    ["pasted with its end", ["secret\n"], "secret"],
    ["with spaces at its ends", [" a b \r"], " a b "],
    ["corrected by Backspace, characters at a time", ["aß🐴\u007f\u007fb\r"], "ab"],
    ["corrected more than it is long", ["a\b\b\bb\r"], "b"],
    ["begun anew by Ctrl-U", ["wrong\u0015right\r"], "right"],
    ["with arrows, Home and function keys", ["a\u001b[D\u001b[1~\u001bOP\u001b[15~b\r"], "ab"],
    ["with a key that arrives in pieces", ["a\u001b[", "1", "~b\r"], "ab"],
    ["pasted by a terminal that says so", ["\u001b[200~ab\u001b[201~\r"], "ab"],
    ["after Escape alone", ["\u001b", "ab\r"], "ab"],
    ["with other control characters", ["a\u0000\u001a\u0001b\r"], "ab"],
    ["with a tab", ["a\tb\r"], "a\tb"],
  ] as const) {
    it(`is what was meant: ${what}`, () => {
      const line = typed(...chunks);
      assert.deepEqual([line.ended, line.text], ["entered", text]);
    });
  }

  it("keeps what comes behind its end for the next question; a Windows newline is one", () => {
    assert.equal(typed("first\rsecond\r").rest, "second\r");
    assert.equal(typed("first\r\nsecond").rest, "second");
  });

  for (const [key, name] of [
    ["\u0003", "Ctrl-C"],
    ["\u001c", "Ctrl-\\"],
    ["\u0004", "Ctrl-D at its beginning"],
  ] as const) {
    it(`is given up by ${name}`, () => assert.equal(typed(key, "x\r").ended, "interrupted"));
  }

  it("is not ended by Ctrl-D in its middle", () => assert.equal(typed("a\u0004b\r").text, "ab"));

  it("draws what is typed, and takes away what is taken back", () => {
    assert.equal(typed("ab\u007f\u0015c").shown, "ab\b \b\b \bc");
  });

  it("has an end, however much is pasted", () => assert.equal(typed("x".repeat(100_000)).text.length, 65_536));
});
