import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, it } from "node:test";
import { removeOtherBuilds } from "../../src/commands/cache.ts";
import { temporaryDirectory } from "../support/directory.ts";

const compiled = join(import.meta.dirname, "../../src/commands/compiled.ts");

/** A start: loads `run.js`, calls what it was asked to, and keeps what was compiled. */
const start = `
  import { createRequire } from "node:module";
  import { keepCompiled, loadCompiled } from ${JSON.stringify(compiled)};
  const [file, folder, ...calls] = process.argv.slice(2);
  loadCompiled(file, folder);
  const exports = createRequire(import.meta.url)(file);
  const said = calls.map((name) => exports[name]());
  keepCompiled();
  console.log(JSON.stringify(said));
`;

const file = `"use strict";
globalThis.times = (globalThis.times ?? 0) + 1;
exports.where = () => [__filename, __dirname, module.id, module.loaded, require.cache[__filename] === module];
exports.beside = () => require("./beside.js").name;
exports.times = () => globalThis.times;
exports.long = () => { ${Array.from({ length: 200 }, (_, n) => `const a${n} = ${n};`).join(" ")} return a0 + a199; };
exports.fail = () => { try { throw new Error("here") } catch (error) { return error.stack.split("\\n")[1] } };
`;

describe("a file that is loaded as far as it was compiled", () => {
  let [folder, run, place] = ["", "", ""];
  beforeEach((t) => {
    const directory = temporaryDirectory(t as never);
    folder = join(directory, "cache");
    mkdirSync(folder);
    run = join(directory, "run.js");
    place = join(folder, "run.compiled");
    writeFileSync(join(directory, "start.mjs"), start);
    writeFileSync(join(directory, "beside.js"), 'exports.name = "beside";\n');
    writeFileSync(run, file);
  });

  const started = (calls: readonly string[] = ["long"], flags: readonly string[] = []) => {
    const script = join(run, "../start.mjs");
    const said = execFileSync(process.execPath, [...flags, script, run, folder, ...calls], {
      encoding: "utf8",
      timeout: 60_000,
    });
    return JSON.parse(said);
  };
  /** Changes whenever it is written anew. */
  const written = () => statSync(place).ino;

  it("is what require gives, evaluated once, whether it was compiled before or not", () => {
    const where = [run, join(run, ".."), run, true, true];
    for (const time of ["not yet", "already"])
      assert.deepEqual(started(["where", "beside", "times"]), [where, "beside", 1], time);
  });

  it("is kept once, and then used", () => {
    started();
    const first = written();
    started();
    assert.equal(written(), first);
    assert.deepEqual(readdirSync(folder), ["run.compiled"]);
    assert.equal(statSync(place).mode & 0o777, 0o600);
  });

  it("holds the functions that were called", () => {
    started(["times"]);
    const without = statSync(place).size;
    rmSync(place);
    started(["times", "long"]);
    assert.ok(statSync(place).size > without + 500, `${without} → ${statSync(place).size}`);
  });

  it("says the line of an error as the file has it", () => {
    for (const time of ["not yet", "already"]) assert.match(started(["fail"])[0], /run\.js:7:/, time);
  });

  for (const [what, damage] of Object.entries({
    "with one wrong bit": () => {
      const bytes = readFileSync(place);
      const at = bytes.length >> 1;
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(place, bytes);
    },
    "cut off": () => truncateSync(place, statSync(place).size - 10),
    "without a beginning": () => truncateSync(place, 2),
    empty: () => truncateSync(place, 0),
  })) {
    it(`is not believed ${what}, and made anew`, () => {
      started();
      const damaged = written();
      damage();
      assert.deepEqual(started(), [199]);
      const again = written();
      assert.notEqual(again, damaged);
      started();
      assert.equal(written(), again);
    });
  }

  it("is not used for another file of the same length", () => {
    assert.deepEqual(started(["beside"]), ["beside"]);
    writeFileSync(run, file.replace('require("./beside.js").name', 'require("./beside.js").eman'));
    writeFileSync(join(run, "../beside.js"), 'exports.eman = "other";\n');
    assert.deepEqual(started(["beside"]), ["other"]);
    const kept = written();
    assert.deepEqual(started(["beside"]), ["other"]);
    assert.equal(written(), kept);
  });

  it("is made anew for a Node that was told to work otherwise", () => {
    started();
    const first = written();
    assert.deepEqual(started(["long"], ["--no-opt"]), [199]);
    assert.notEqual(written(), first);
  });

  it("is loaded all the same where nothing can be kept", () => {
    rmSync(folder, { recursive: true });
    assert.deepEqual(started(), [199]);
    writeFileSync(folder, "a file, where the folder should be");
    assert.deepEqual(started(), [199]);
    rmSync(folder);
    // Taken: what is kept cannot be moved to where it belongs.
    mkdirSync(join(place, "full"), { recursive: true });
    assert.deepEqual(started(), [199]);
    assert.deepEqual(readdirSync(folder), ["run.compiled"]);
  });

  it("leaves nothing else, also after one that was killed while it wrote", () => {
    writeFileSync(`${place}.part`, "half");
    started();
    assert.deepEqual(readdirSync(folder), ["run.compiled"]);
    const kept = written();
    started();
    assert.equal(written(), kept);
  });

  it("is left alone where there is none", () => {
    rmSync(run);
    assert.throws(
      () => started(),
      ({ stderr }: { stderr: string }) => /Cannot find module/.test(stderr),
    );
    assert.equal(existsSync(place), false);
  });
});

describe("what other builds have compiled", () => {
  it("is removed, but for the two that were used last", (t) => {
    const parent = temporaryDirectory(t);
    for (const [name, age] of Object.entries({ own: 90, last: 10, before: 20, older: 30, "v24.0.0-x64-0": 40 })) {
      mkdirSync(join(parent, name, "inside"), { recursive: true });
      const at = Date.now() / 1000 - age;
      utimesSync(join(parent, name), at, at);
    }
    removeOtherBuilds(join(parent, "own"));
    assert.deepEqual(readdirSync(parent).sort(), ["before", "last", "own"]);
    removeOtherBuilds(join(parent, "own"));
    assert.deepEqual(readdirSync(parent).sort(), ["before", "last", "own"]);
  });

  it("is nobody's business where it cannot be seen", (t) => {
    removeOtherBuilds(join(temporaryDirectory(t), "gone", "own"));
  });
});
