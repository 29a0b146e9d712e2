import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { rememberedVersion } from "../../src/tools/program-version.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** A program that is machine code, and how often it was asked. */
function prepare(t: TestContext) {
  const base = temporaryDirectory(t);
  const program = join(base, "restic");
  copyFileSync("/bin/true", program);
  const notes = join(base, "state/cache/programs.json");
  let asked = 0;
  const version = (path = program) =>
    rememberedVersion(path, notes, async () => {
      asked += 1;
      return `0.${asked}.0`;
    });
  return { base, program, notes, version };
}

describe("the version of a program", () => {
  it("is asked once, by whatever name it is called", async (t) => {
    const { base, program, version } = prepare(t);
    const link = join(base, "link");
    symlinkSync(program, link);
    for (const path of [program, program, link]) assert.equal(await version(path), "0.1.0");
  });

  it("is asked again when the file is another one, though its size and date are the same", async (t) => {
    const { program, version } = prepare(t);
    await version();
    const date = new Date(0);
    const content = readFileSync(program);
    content[content.length - 1] = 1 ^ (content.at(-1) ?? 0);
    writeFileSync(program, content);
    utimesSync(program, date, date);
    assert.equal(await version(), "0.2.0");
    assert.equal(await version(), "0.2.0");
  });

  it("is asked every time of a script, which may start another program tomorrow", async (t) => {
    const { base, version } = prepare(t);
    const script = join(base, "script");
    writeFileSync(script, "#!/bin/sh\nexec restic\n");
    chmodSync(script, 0o755);
    assert.deepEqual([await version(script), await version(script)], ["0.1.0", "0.2.0"]);
  });

  it("is asked where the notes are garbage, of another shape, or cannot be kept", async (t) => {
    for (const garbage of ["", "{", '[{"file":1}]', JSON.stringify({ version: "9.9.9" })]) {
      const { notes, version } = prepare(t);
      mkdirSync(join(notes, ".."), { recursive: true });
      writeFileSync(notes, garbage);
      assert.deepEqual([await version(), await version()], ["0.1.0", "0.1.0"]);
    }
    const { base, version } = prepare(t);
    writeFileSync(join(base, "state"), "a file where the folder should be");
    assert.deepEqual([await version(), await version()], ["0.1.0", "0.2.0"]);
  });

  it("is not remembered of a program that is refused, or not there", async (t) => {
    const { base, program, notes, version } = prepare(t);
    const refuse = () => Promise.reject(new StepError("tool_missing", "too old"));
    await assert.rejects(rememberedVersion(program, notes, refuse), { reason: "tool_missing" });
    assert.equal(await version(), "0.1.0");
    await assert.rejects(rememberedVersion(join(base, "nowhere"), notes, refuse), { reason: "tool_missing" });
  });
});
