import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import { folderStore } from "../../../src/tools/destinations/object-store-folder.ts";
import { collect } from "../../support/collect.ts";
import { needs } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { rejectsWith } from "../../support/failure.ts";
import { mountTmpfs, remount } from "../../support/tmpfs.ts";

const settings = { expectedBytes: 0, spool: () => assert.fail("a folder needs none") };
const { signal } = new AbortController();

async function* chunks(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

describe("a folder as a place of objects", () => {
  it("shows what was written whole, finds it and reads it", async (t) => {
    const root = temporaryDirectory(t);
    const store = folderStore(root, signal);
    assert.equal(await store.write("a/b/key", chunks("one ", "two"), settings), 7);
    await store.writeText("a/b/key.json", "{}");
    assert.deepEqual(
      (await collect(store.list("a"))).toSorted((x, y) => x.size - y.size),
      [
        { key: "a/b/key.json", size: 2 },
        { key: "a/b/key", size: 7 },
      ],
    );
    assert.equal((await collect(store.list(""))).length, 2);
    assert.deepEqual(await collect(store.list("nothing")), []);
    assert.deepEqual([await store.find("a/b/key"), await store.find("a/b/k")], [{ key: "a/b/key", size: 7 }, null]);
    assert.equal(Buffer.concat(await collect(store.read("a/b/key", 7))).toString(), "one two");
    await rejectsWith(collect(store.read("a/b/key", 8)), "verification");
    await rejectsWith(collect(store.read("a/b/none", 8)), "source");
    assert.equal(readFileSync(store.url("a/b/key"), "utf8"), "one two");
  });

  it("shows nothing of what is being written, and keeps nothing of what broke off", async (t) => {
    const root = temporaryDirectory(t);
    const store = folderStore(root, signal);
    await store.writeText("key", "before");
    const broken = async function* () {
      yield Buffer.from("half");
      assert.deepEqual(await collect(store.list("")), [{ key: "key", size: 6 }]);
      assert.deepEqual(await collect(store.unfinished("")), ["key"]);
      throw new StepError("source", "the disk is broken");
    };
    await rejectsWith(store.write("key", broken(), settings), "source");
    assert.deepEqual([readdirSync(root), readFileSync(join(root, "key"), "utf8")], [["key"], "before"]);
  });

  it("forgets what was never finished, or all of it, and what was never there", async (t) => {
    const root = temporaryDirectory(t);
    const store = folderStore(root, signal);
    const prepare = () => {
      writeFileSync(join(root, "key"), "whole");
      writeFileSync(join(root, "key.partial"), "half");
    };
    prepare();
    await store.discardUnfinished("key");
    assert.deepEqual(readdirSync(root), ["key"]);
    prepare();
    for (const _ of [1, 2]) await store.discard("key");
    assert.deepEqual(readdirSync(root), []);
  });

  it(
    "says what to do where nothing can be removed, because its disk has become read-only",
    needs("root"),
    async (t) => {
      const root = mountTmpfs(t, "1m");
      const store = folderStore(root, signal);
      for (const name of ["key", "key.partial"]) writeFileSync(join(root, name), "x");
      remount(root, "ro");
      for (const work of [store.discard("key"), store.discardUnfinished("key")]) {
        await assert.rejects(work, (error) => {
          assert.ok(error instanceof StepError);
          assert.deepEqual([error.reason, error.details.advice], ["config", "remount it read-write"]);
          return true;
        });
      }
    },
  );

  it("that is not there is not made: its disk may not be mounted", async (t) => {
    const root = join(temporaryDirectory(t), "mnt");
    await rejectsWith(folderStore(root, signal).writeText("key", "x"), "config");
    assert.equal(existsSync(root), false);
  });

  it("stops when it is cancelled", async (t) => {
    const root = temporaryDirectory(t);
    const stop = new AbortController();
    const store = folderStore(root, stop.signal);
    const stopping = async function* () {
      yield Buffer.from("half");
      stop.abort();
      yield Buffer.from("more");
    };
    await rejectsWith(store.write("key", stopping(), settings), "cancelled");
    assert.deepEqual(readdirSync(root), []);
  });

  it("where something else is in the way says so", async (t) => {
    const root = temporaryDirectory(t);
    const store = folderStore(root, signal);
    mkdirSync(join(root, "key"));
    await rejectsWith(store.writeText("key", "x"), "unknown");
    rmSync(join(root, "key"), { recursive: true });
    writeFileSync(join(root, "file"), "");
    await rejectsWith(store.writeText("file/key", "x"), "unknown");
  });
});
