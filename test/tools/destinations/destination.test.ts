import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
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
});
