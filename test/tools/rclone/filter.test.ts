import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { excludeFilter } from "../../../src/tools/rclone/filter.ts";

const rules: readonly [pattern: string, name: string, excluded: boolean][] = [
  ["*.tmp", "a.tmp", true],
  ["*.tmp", "deep/er/a.tmp", true],
  ["*.tmp", "a.tmp/b", false],
  ["*.tmp", ".tmp", true],
  ["/a.log", "a.log", true],
  ["/a.log", "sub/a.log", false],
  ["cache/", "cache/x", true],
  ["cache/", "sub/cache/deep/x", true],
  ["cache/", "cachet/x", false],
  ["/a/*/c", "a/b/c", true],
  ["/a/*/c", "a/b/b/c", false],
  ["/a/**/c", "a/b/b/c", true],
  ["file?", "file1", true],
  ["file?", "file", false],
  ["file?", "file漢", true],
  ["[a-c].txt", "b.txt", true],
  ["[^a-c].txt", "b.txt", false],
  ["*.{jpg,png}", "x/y.png", true],
  ["*.{jpg,png}", "x/y.gif", false],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["a.b", "axb", false],
  ["(x)|$^+", "(x)|$^+", true],
];

suite("rclone's exclude patterns", () => {
  for (const [pattern, name, excluded] of rules) {
    test(`${pattern} ${excluded ? "excludes" : "keeps"} ${name}`, () => {
      assert.equal(excludeFilter([pattern])(name), excluded);
    });
  }

  test("without patterns nothing is excluded", () => assert.equal(excludeFilter([])("a"), false));

  for (const pattern of ["", "a***b", "[a", "{a", "a}", "{{a.*}}", "a\\", "{a,{b}}"]) {
    test(`${JSON.stringify(pattern)} is refused`, () => {
      assert.throws(() => excludeFilter([pattern]), SyntaxError);
    });
  }
});
