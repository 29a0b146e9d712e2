import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type Chunk, pack } from "../../setup/pack.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** A chunk as the build makes them; its only mapping: what stands first in its line 2 comes from line 41 of its source. */
function chunk(name: string, code: string): [string, Chunk] {
  const map = { version: 3, sources: [`../src/${name}.ts`], names: [], mappings: ";AAwCA" };
  return [`${name}.js`, { code: `"use strict";\n${code}\n`, map: JSON.stringify(map) }];
}

/** Writes the chunks as they were packed, and calls the first one. */
function call(t: TestContext, chunks: ReadonlyMap<string, Chunk>, ...options: readonly string[]): string {
  const folder = temporaryDirectory(t);
  for (const [name, { code, map }] of chunks) {
    writeFileSync(join(folder, name), `${code}//# sourceMappingURL=${name}.map\n`);
    writeFileSync(join(folder, `${name}.map`), map);
  }
  return execFileSync(process.execPath, [...options, join(folder, "main.js")], { encoding: "utf8", timeout: 30_000 });
}

describe("chunks in one file", () => {
  it("are loaded when they are required, once, from wherever, also in a circle", (t) => {
    const chunks = new Map([
      chunk("main", 'console.log(require("./a.js").a, require("./b.js").b(), require("./c.js").c);'),
      chunk("a", 'exports.a = "a"; exports.later = () => require("./b.js").name; console.log("a is loaded");'),
      chunk("b", 'const a = require("./a.js"); exports.name = "b"; exports.b = () => a.later();'),
      chunk("c", 'const { join } = require("node:path"); exports.c = join(require("./a.js").a, "c");'),
      chunk("unused", 'console.log("nobody asked for it");'),
    ]);
    const packed = pack(chunks, new Set(["a.js", "b.js", "unused.js"]), "common.js");
    assert.deepEqual([...packed.keys()].sort(), ["c.js", "common.js", "main.js"]);
    assert.equal(call(t, packed), "a is loaded\na b a/c\n");
  });

  it("are found in a stack trace as they were written", (t) => {
    const chunks = new Map([
      chunk("main", 'try { require("./b.js") } catch (error) { console.log(error.stack) }'),
      chunk("a", "exports.a = 1;\nexports.b = 2;"),
      chunk("b", 'throw new Error("as wanted");'),
    ]);
    const packed = pack(chunks, new Set(["a.js", "b.js"]), "common.js");
    assert.match(call(t, packed, "--enable-source-maps"), /\/src\/b\.ts:41:\d+/);
  });
});
