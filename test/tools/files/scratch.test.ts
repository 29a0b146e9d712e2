import assert from "node:assert/strict";
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Execute } from "../../../src/tools/exec.ts";
import { makeScratch, removeScratch, scratchName } from "../../../src/tools/files/scratch.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { rejectsWith } from "../../support/failure.ts";

const name = scratchName("20261121T085700Z-0000", 1);
const execute: Execute = async () => assert.fail("nothing here is a subvolume");

describe("a scratch folder", () => {
  it("is private, and so is a parent that was made for it", async (t) => {
    const parent = join(temporaryDirectory(t), "scratch");
    await makeScratch(join(parent, name));
    for (const folder of [parent, join(parent, name)]) assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it("is never one that is there already, nor below what is no folder", async (t) => {
    const base = temporaryDirectory(t);
    await makeScratch(join(base, name));
    await rejectsWith(makeScratch(join(base, name)), "source", /cannot be made: EEXIST/);
    writeFileSync(join(base, "file"), "");
    await rejectsWith(makeScratch(join(base, "file", name)), "source", /cannot be made/);
  });

  it("is removed with what is in it, and being gone already is fine", async (t) => {
    const path = join(temporaryDirectory(t), name);
    mkdirSync(join(path, "a/b"), { recursive: true });
    writeFileSync(join(path, "a/b/c"), "");
    await removeScratch(path, execute);
    assert.equal(existsSync(path), false);
    await removeScratch(path, execute);
    await removeScratch(join(path, name), execute);
  });

  it("is not gone because it cannot be looked at", async (t) => {
    const loop = join(temporaryDirectory(t), "loop");
    symlinkSync(loop, loop);
    await rejectsWith(removeScratch(join(loop, name), execute), "source", /cannot be removed: ELOOP/);
  });

  it("that is a link goes without what it points to", async (t) => {
    const base = temporaryDirectory(t);
    mkdirSync(join(base, "precious/data"), { recursive: true });
    symlinkSync(join(base, "precious"), join(base, name));
    await removeScratch(join(base, name), execute);
    assert.deepEqual([existsSync(join(base, name)), existsSync(join(base, "precious/data"))], [false, true]);
  });

  it("is known by its name: everything else is left alone", async (t) => {
    const base = temporaryDirectory(t);
    for (const other of ["home", "pantheros-home", `${name}-copy`, `x${name}`, "pantheros-20261121T085700Z-0000"]) {
      mkdirSync(join(base, other));
      await rejectsWith(removeScratch(join(base, other), execute), "config", /is left alone/);
      assert.ok(existsSync(join(base, other)));
    }
  });
});
