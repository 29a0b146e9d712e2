import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createStyle } from "../../../src/commands/terminal/style.ts";

const terminal = { isTTY: true };
const pipe = {};

suite("colours", () => {
  const cases: readonly [string, { isTTY?: boolean }, Record<string, string>, boolean][] = [
    ["on a terminal", terminal, {}, true],
    ["not in a pipe", pipe, {}, false],
    ["not on a dumb terminal", terminal, { TERM: "dumb" }, false],
    ["not with NO_COLOR", terminal, { NO_COLOR: "1" }, false],
    ["with an empty NO_COLOR, which means nothing", terminal, { NO_COLOR: "" }, true],
    ["in a pipe with FORCE_COLOR", pipe, { FORCE_COLOR: "1" }, true],
    ["with FORCE_COLOR against NO_COLOR", pipe, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
    ["not with FORCE_COLOR=0", terminal, { FORCE_COLOR: "0" }, false],
  ];
  for (const [when, stream, env, coloured] of cases) {
    test(when, () => {
      assert.equal(createStyle(stream, env).good("x"), coloured ? "\u001b[32mx\u001b[39m" : "x");
    });
  }
});

suite("what a terminal can do", () => {
  test("a forced colour does not make a pipe live", () => {
    assert.equal(createStyle(pipe, { FORCE_COLOR: "1" }).isLive, false);
    assert.equal(createStyle(terminal, { NO_COLOR: "1" }).isLive, true);
  });

  test("the first of LC_ALL, LC_CTYPE and LANG that says something decides about Unicode", () => {
    const isUnicode = (env: Record<string, string>) => createStyle(terminal, env).isUnicode;
    assert.equal(isUnicode({ LANG: "en_US.UTF-8" }), true);
    assert.equal(isUnicode({ LANG: "C.utf8" }), true);
    assert.equal(isUnicode({ LC_ALL: "C", LANG: "en_US.UTF-8" }), false);
    assert.equal(isUnicode({ LC_ALL: "", LC_CTYPE: "C.UTF-8" }), true);
    assert.equal(isUnicode({}), false);
  });
});
