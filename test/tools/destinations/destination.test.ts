import assert from "node:assert/strict";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { joinPrefix, openDestination } from "../../../src/tools/destinations/destination.ts";
import { collect } from "../../support/collect.ts";
import { temporaryDirectory } from "../../support/directory.ts";

suite("a prefix", () => {
  test("is joined without slashes at its ends", () => {
    assert.equal(joinPrefix("backups/", "/db/2026"), "backups/db/2026");
    assert.equal(joinPrefix("", "/"), "");
    assert.equal(joinPrefix("a b:c", "-d"), "a b:c/-d");
  });

  for (const bad of ["../up", "a/./b", "a//b", "..", "a\nb", "a‛b"]) {
    test(`${JSON.stringify(bad)} is refused`, () => {
      assert.throws(() => joinPrefix("top", bad), { reason: "config" });
    });
  }
});

suite("a local destination", () => {
  const open = (path: string) => openDestination({ type: "local", path }, "", new AbortController().signal);

  test("that is a writable folder with room lets us in", async (t) => {
    await open(temporaryDirectory(t)).probe();
  });

  test("that is not there, or is a file, is a matter of configuration", async (t) => {
    const base = temporaryDirectory(t);
    writeFileSync(join(base, "file"), "");
    await assert.rejects(open(join(base, "missing")).probe(), { reason: "config", message: /is not there/ });
    await assert.rejects(open(join(base, "file")).probe(), { reason: "config", message: /is not a folder/ });
  });

  test("lists what is below a prefix, relative to it", async (t) => {
    const base = temporaryDirectory(t);
    mkdirSync(join(base, "run/sub"), { recursive: true });
    writeFileSync(join(base, "run/sub/f"), "12");
    writeFileSync(join(base, "other"), "");
    assert.deepEqual(await collect(open(base).list("run")), [{ name: "sub/f", size: 2 }]);
    assert.equal(open(base).url("run"), `${base}/run/`);
  });

  test("removes a folder with what is in it, and as a file nothing but a file", async (t) => {
    const base = temporaryDirectory(t);
    mkdirSync(join(base, "run/sub"), { recursive: true });
    writeFileSync(join(base, "run/sub/f"), "12");
    const { removeBelow, removeFile } = open(base);
    for (const folder of ["run", ""])
      await assert.rejects(removeFile(folder, { versions: false }), { reason: "source" });
    await removeFile("run/sub/f", { versions: false });
    await removeFile("run/sub/f", { versions: false });
    assert.deepEqual(readdirSync(join(base, "run/sub")), []);
    await assert.rejects(removeBelow("", { versions: false }), /whole destination/);
    await removeBelow("run", { versions: false });
    assert.deepEqual(readdirSync(base), []);
  });

  test("lists what begins with a text: files, and what is in folders, in their order", async (t) => {
    const base = temporaryDirectory(t);
    for (const folder of ["db-1/deep", "db-2", "dc", "in/db-3"]) mkdirSync(join(base, folder), { recursive: true });
    for (const file of ["db-1/deep/f", "db-2/g", "db-9", "dc/h", "in/db-3/i"]) writeFileSync(join(base, file), "1");
    symlinkSync(join(base, "dc"), join(base, "db-link"));
    const { listFrom, foldersFrom } = open(base);
    const names = async (start: string) => (await collect(listFrom(start))).map(({ name }) => name);
    assert.deepEqual(await names("db-"), ["db-1/deep/f", "db-2/g", "db-9"]);
    assert.deepEqual(await names("in/db-"), ["in/db-3/i"]);
    assert.deepEqual(await names("not/made/yet-"), []);
    assert.deepEqual(await collect(foldersFrom("db-")), ["db-1", "db-2"]);
    await assert.rejects(collect(open(join(base, "gone")).listFrom("not/")), { reason: "source" });
    await assert.rejects(collect(open(join(base, "gone")).listFrom("db-")), { reason: "source" });
  });
});
