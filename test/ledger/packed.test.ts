import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pack, unpack } from "../../src/ledger/packed.ts";

test("whatever is packed is unpacked as JSON has it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.string()), fc.dictionary(fc.string(), fc.jsonValue()), fc.string()), (value) => {
      const asJson = JSON.parse(JSON.stringify(value));
      assert.deepEqual(unpack(pack(value), Array.isArray(value) ? [] : {}), asJson);
    }),
  );
});

test("what says nothing takes no room", () => {
  for (const nothing of [null, [], {}]) assert.equal(pack(nothing), null);
});

test("what an earlier version packed can be read for ever: the dictionary is part of the format", () => {
  const stored = "Q4QoKKiRQhUUHUjBZ2FqDgk+qOuMawE=";
  assert.deepEqual(unpack(Buffer.from(stored, "base64"), null), {
    path: "/srv/.snapshots/home.20261121T085700Z",
    files: 3,
  });
});
