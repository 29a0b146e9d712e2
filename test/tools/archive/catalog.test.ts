import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { manifestKey } from "../../../src/model/archive/key.ts";
import { listOrphans, readCatalog } from "../../../src/tools/archive/catalog.ts";
import type { ObjectStore } from "../../../src/tools/destinations/object-store.ts";

const keyOf = (timestamp: string, name = "data") => `top/web1/2026/11/${name}-${timestamp}-full.btrfs.zst`;
const [whole, unfinished, other] = [
  keyOf("20261101T030000Z"),
  keyOf("20261108T030000Z"),
  keyOf("20261108T030000Z", "logs"),
] as const;
const query = { prefix: "top", host: "web1", name: "data" };

/** Of these keys, and every read noted. */
function holding(...keys: readonly string[]) {
  const reads: string[] = [];
  const store: Pick<ObjectStore, "list" | "read"> = {
    async *list() {
      for (const key of keys) yield { key, size: 10 };
    },
    async *read(key) {
      reads.push(key);
      yield Buffer.from("{}");
    },
  };
  return { store: store as ObjectStore, reads };
}

describe("archives without a manifest", () => {
  it("are told by a listing alone, those of other names left out", async () => {
    const { store, reads } = holding(whole, manifestKey(whole), unfinished, other);
    assert.deepEqual(
      (await listOrphans(store, query)).map(({ key }) => key),
      [unfinished],
    );
    assert.deepEqual(reads, []);
  });

  it("are the same that the catalog tells, although a manifest cannot be used", async () => {
    const { store, reads } = holding(whole, manifestKey(whole), unfinished, other);
    const { archives, orphans, faults } = await readCatalog(store, query);
    assert.deepEqual(
      [archives.size, orphans, faults.map(({ key }) => key)],
      [0, await listOrphans(store, query), [whole]],
    );
    assert.deepEqual(reads, [manifestKey(whole)]);
  });
});
