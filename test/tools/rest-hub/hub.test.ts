import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { findRepositories, listRepository, snapshotIds } from "../../../src/tools/rest-hub/hub.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const id = (digit: string) => digit.repeat(64);

function makeRepository(folder: string): void {
  for (const part of ["data/aa", "index", "keys", "snapshots", "locks"])
    mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, "config"), "12345");
}

describe("the folder of a hub", () => {
  it("holds repositories at any depth that private users make, none within another", async (t) => {
    const hub = temporaryDirectory(t);
    for (const place of ["bob", "alice/laptop", "alice/phone", "bob/data/inner"]) makeRepository(join(hub, place));
    mkdirSync(join(hub, "carol"));
    writeFileSync(join(hub, ".htpasswd"), "");
    assert.deepEqual(await findRepositories(hub), ["alice/laptop", "alice/phone", "bob"]);
    assert.deepEqual(await findRepositories(join(hub, "bob")), [""]);
    assert.deepEqual(await findRepositories(join(hub, "carol")), []);
    await assert.rejects(findRepositories(join(hub, "dave")), { reason: "source" });
  });

  it("has in each repository what is stored, without locks and what is half written", async (t) => {
    const hub = temporaryDirectory(t);
    makeRepository(hub);
    for (const [name, size] of [
      [`data/aa/${id("a")}`, 3],
      [`data/aa/${id("b")}-tmp-77`, 9],
      [`index/${id("c")}`, 2],
      [`snapshots/${id("d")}`, 1],
      [`keys/${id("e")}`, 4],
      [`locks/${id("f")}`, 6],
      ["data/aa/.nfs0001", 8],
    ] as const)
      writeFileSync(join(hub, name), "x".repeat(size));
    const listed = await listRepository(hub, new AbortController().signal);
    assert.deepEqual(Object.fromEntries([...listed].map(([stage, files]) => [stage, Object.fromEntries(files)])), {
      keys: { config: 5, [`keys/${id("e")}`]: 4 },
      data: { [`data/aa/${id("a")}`]: 3 },
      index: { [`index/${id("c")}`]: 2 },
      snapshots: { [`snapshots/${id("d")}`]: 1 },
    });
    assert.deepEqual(snapshotIds([...listed.values()].flatMap((files) => [...files.keys()])), [id("d")]);
  });
});
