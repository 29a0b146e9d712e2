import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { StepError } from "../../../src/model/run/outcome.ts";
import { fileTree } from "../../../src/tools/files/tree.ts";
import { collect } from "../../support/collect.ts";
import { temporaryDirectory } from "../../support/directory.ts";

async function namesIn(root: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { path } of fileTree(root).files) names.push(path.toString("latin1"));
  return names.sort();
}

suite("the files below a folder", () => {
  test("all regular files with their sizes, at any depth and with any name", async (t) => {
    const root = temporaryDirectory(t);
    mkdirSync(join(root, "a/b"), { recursive: true });
    mkdirSync(join(root, "empty"));
    writeFileSync(join(root, "a/b/new\nline"), "123");
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff])]), "1");
    for (let n = 0; n < 40; n += 1) writeFileSync(join(root, "a", `f${n}`), "");
    const names = await namesIn(root);
    assert.equal(names.length, 42);
    assert.ok(names.includes("a/b/new\nline") && names.includes("\xff"));
    const sizes = (await collect(fileTree(join(root, "a/b")).files)).map(({ size }) => size);
    assert.deepEqual(sizes, [3]);
  });

  test("links, also in a circle, and pipes are counted, not followed", async (t) => {
    const root = temporaryDirectory(t);
    symlinkSync(root, join(root, "circle"));
    symlinkSync("nowhere", join(root, "dangling"));
    execFileSync("mkfifo", [join(root, "pipe")]);
    const tree = fileTree(root);
    assert.deepEqual(await collect(tree.files), []);
    assert.equal(tree.special(), 3);
  });

  test("a folder that is not there is source", async () => {
    await assert.rejects(namesIn("/nowhere/at/all"), (error: StepError) => {
      assert.equal(error.reason, "source");
      assert.match(error.message, /\/nowhere\/at\/all cannot be read: it is not there/);
      return true;
    });
  });

  test("a deadline while reading is the deadline, not a failure of the source", async (t) => {
    const root = temporaryDirectory(t);
    writeFileSync(join(root, "f"), "");
    const files = fileTree(root, AbortSignal.abort()).files;
    await assert.rejects(collect(files), { reason: "cancelled" });
  });
});
