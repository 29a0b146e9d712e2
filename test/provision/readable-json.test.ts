import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readableJson } from "../../src/provision/readable-json.ts";

describe("readableJson", () => {
  it("puts on one line what fits there", () => {
    const text = "x".repeat(60);
    const lines = [
      "{",
      '  "a": [1, 2],',
      '  "b": {',
      '    "c": [',
      `      { "long": "${text}" },`,
      `      { "long": "${text}", "none": {} }`,
      "    ]",
      "  }",
      "}",
      "",
    ];
    assert.equal(readableJson({ a: [1, 2], b: { c: [{ long: text }, { long: text, none: {} }] } }), lines.join("\n"));
  });

  it("means what it was given, without what is no JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(JSON.stringify(JSON.parse(readableJson(value))), JSON.stringify(value));
      }),
    );
    assert.equal(readableJson({ a: 1, marker: () => 1, none: undefined }), '{ "a": 1 }\n');
  });

  it("has no line that is longer than those of the sources, unless a text is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        for (const line of readableJson(value).split("\n")) {
          const texts = [...line.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([text]) => text.length);
          assert.ok(line.length <= 120 || texts.some((length) => length > 20), line);
        }
      }),
    );
  });
});
