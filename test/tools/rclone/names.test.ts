import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { objectName } from "../../../src/tools/rclone/names.ts";

suite("the name of a file's object", () => {
  const names: readonly [string, Buffer, string][] = [
    ["plain", Buffer.from("sub/a b'\"c"), "sub/a b'\"c"],
    ["other scripts and emoji", Buffer.from("漢字/ünï 👩‍👩‍👧"), "漢字/ünï 👩‍👩‍👧"],
    ["a line break", Buffer.from("new\nline"), "new␊line"],
    ["a tab and DEL", Buffer.from("\t\x7f"), "␉␡"],
    ["the picture of a line break", Buffer.from("␊"), "‛␊"],
    ["a byte that is not UTF-8", Buffer.from([0x62, 0xff, 0x64]), "b‛FFd"],
    ["a sequence cut short", Buffer.from([0x61, 0xc3]), "a‛C3"],
    ["a surrogate in bytes", Buffer.from([0xed, 0xa0, 0x80]), "‛ED‛A0‛80"],
    ["a byte order mark", Buffer.from([0xef, 0xbb, 0xbf, 0x61]), "\ufeffa"],
  ];
  for (const [what, bytes, expected] of names) {
    test(what, () => assert.equal(objectName(bytes), expected));
  }

  test("holds no control characters and differs for different names, whatever the bytes", () => {
    const name = fc.uint8Array({ minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(name, name, (one, other) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
        assert.doesNotMatch(objectName(one), /[\u0001-\u001f\u007f]/);
        if (Buffer.compare(one, other) !== 0) assert.notEqual(objectName(one), objectName(other));
      }),
    );
  });
});
