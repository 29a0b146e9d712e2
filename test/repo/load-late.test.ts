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

  it("leave what uses none of them as it is", () => {
    const code = 'const m=require("node:path");console.log(m.join("a","b"));\n';
    assert.equal(loadLate(code), code);
  });
});
