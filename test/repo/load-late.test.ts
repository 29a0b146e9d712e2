import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { transformSync } from "esbuild";
import { loadLate } from "../../setup/load-late.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** What a module prints once it was made CommonJS as the build makes it. */
function printed(t: TestContext, module: string): string {
  const { code } = transformSync(module, { format: "cjs", minify: true, platform: "node" });
  const file = join(temporaryDirectory(t), "module.cjs");
  writeFileSync(file, loadLate(code));
  return execFileSync(process.execPath, [file], { encoding: "utf8", timeout: 30_000 });
}

/** `true` where Node has loaded it. */
const isLoaded = (name: string) => `process.moduleLoadList.includes("NativeModule ${name}")`;

describe("modules of Node's own that are seldom used", () => {
  it("are loaded when something of theirs is used, not when they are imported", (t) => {
    const module = `
      import { hash } from "node:crypto";
      import { crc32, deflateRawSync } from "node:zlib";
      const before = [${isLoaded("crypto")}, ${isLoaded("zlib")}];
      const sum = crc32("a");
      const between = [${isLoaded("crypto")}, ${isLoaded("zlib")}];
      console.log(JSON.stringify([before, sum, between, hash("sha256", "a").slice(0, 8), deflateRawSync("a").length]));`;
    assert.deepEqual(JSON.parse(printed(t, module)), [[false, false], 3904355907, [false, true], "ca978112", 3]);
  });

  it("are whole where all of one is asked for", (t) => {
    const module = `
      import zlib, { crc32 } from "node:zlib";
      import * as promises from "node:fs/promises";
      console.log(zlib.crc32("a") === crc32("a"), typeof promises.readFile, Object.keys(promises).includes("stat"));`;
    assert.equal(printed(t, module), "true function true\n");
  });

  it("and so are files of the build, where they are asked to be", (t) => {
    const chunk = join(temporaryDirectory(t), "chunk-1.js");
    writeFileSync(chunk, "globalThis.isHere = true; exports.a = () => 1; exports.b = 2;");
    const code = transformSync(
      'import { a, b } from "./chunk-1.js"; const before = "isHere" in globalThis; console.log(before, a() + b);',
      {
        format: "cjs",
        minify: true,
      },
    ).code.replace("./chunk-1.js", chunk);
    const file = join(temporaryDirectory(t), "module.cjs");
    writeFileSync(file, loadLate(code.replace(chunk, "./chunk-1.js"), ["chunk-1.js"]).replace("./chunk-1.js", chunk));
    assert.equal(execFileSync(process.execPath, [file], { encoding: "utf8", timeout: 30_000 }), "false 3\n");
  });

  it("take node:process as it is, by default and by name", (t) => {
    const module = `
      import itself, { execPath } from "node:process";
      console.log(itself === globalThis.process, execPath === globalThis.process.execPath);`;
    assert.equal(printed(t, module), "true true\n");
  });

  it("leave what uses none of them as it is", () => {
    const code = 'const m=require("node:path");console.log(m.join("a","b"));\n';
    assert.equal(loadLate(code), code);
  });
});
