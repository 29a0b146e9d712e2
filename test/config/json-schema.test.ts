import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import * as z from "zod";
import { jsonSchema } from "../../src/config/json-schema.ts";
import { sampleRunners, sampleText } from "./sample.ts";

const schema = jsonSchema(sampleRunners);
// The way back is zod's own; what it accepts is what an editor accepts.
const editor = z.fromJSONSchema(JSON.parse(JSON.stringify(schema)));
const accepts = (text: string) => editor.safeParse(parse(text)).success;

describe("the JSON Schema of the configuration", () => {
  it("is draft 2020-12, has a title and knows every section", () => {
    assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
    assert.equal(schema.title, "pantheros configuration");
    assert.deepEqual(schema.required, ["host"]);
    assert.equal(schema.additionalProperties, false);
  });

  it("resolves every $ref, and carries no word of our own", () => {
    const text = JSON.stringify(schema);
    for (const [, name] of text.matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)) assert.ok(schema.$defs?.[name ?? ""], name);
    assert.ok(text.includes('"$ref":"#/$defs/secret"'));
    assert.ok(!text.includes("refersTo"));
  });

  it("accepts what the loader accepts", () => {
    assert.ok(accepts(sampleText));
    assert.ok(accepts(sampleText.replace("host: home", "host: Home").replace("id: snap", "id: Snap")));
  });

  for (const [name, from, to] of [
    ["an unknown section", "objectives:", "objektives:"],
    ["an unknown key", "snapshots: /data", "snapshot: /data"],
    ["a relative path", "path: /data/docs", "path: data/docs"],
    ["no duration", "rpo: 1d", "rpo: 1 day"],
    ["a literal password", "{ file: /etc/pantheros/restic.password }", "hunter22"],
    ["an unknown runner", "uses: sample.copy", "uses: sample.kopy"],
    ["another runner's option", "uses: sample.snapshot, subvolume: docs", "uses: sample.snapshot, to: shelf"],
    ["a path that is neither absolute nor a reference", '"${snap.path}/letters"', "letters"],
  ] as const) {
    it(`refuses ${name}`, () => {
      assert.ok(sampleText.includes(from));
      assert.ok(!accepts(sampleText.replace(from, to)));
    });
  }

  it("takes a reference where an option is a number", () => {
    const withLimit = (limit: string) => sampleText.replace("to: shelf,", `to: shelf, limit: ${limit},`);
    assert.ok(accepts(withLimit("5")));
    assert.ok(accepts(withLimit('"${snap.bytes}"')));
    assert.ok(!accepts(withLimit("many")));
  });

  it("describes what every step is for", () => {
    assert.ok(JSON.stringify(schema).includes('"description":"Copies a folder"'));
  });
});
