import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import { createCrc64 } from "../../../src/tools/crc64.ts";
import { createRdbReader, RdbError, type RdbFacts } from "../../../src/tools/valkey/rdb.ts";

const recorded = readFileSync(new URL("../../fixtures/valkey/redis-8.2.3/graph.rdb", import.meta.url));

function read(
  bytes: Uint8Array,
  { moduleType, chunk = bytes.length }: { moduleType?: string; chunk?: number } = {},
): RdbFacts {
  const reader = createRdbReader(moduleType);
  for (let at = 0; at < bytes.length; at += chunk) reader.add(bytes.subarray(at, at + chunk));
  return reader.end();
}

/** What a server would write: header, content, end mark, checksum. */
function dumpOf(content: Uint8Array, { magic = "REDIS0011", checksum = true } = {}): Buffer {
  const bytes = Buffer.concat([Buffer.from(magic), content, Buffer.from([0xff])]);
  const crc = createCrc64();
  crc.add(bytes);
  return Buffer.concat([bytes, checksum ? crc.digest() : Buffer.alloc(8)]);
}

suite("a dump", () => {
  test("that FalkorDB wrote is whole, says what wrote it and when, and holds one graph", () => {
    const facts = read(recorded, { moduleType: "graphdata" });
    assert.deepEqual([facts.version, facts.checksum, facts.bytes], [12, true, recorded.length]);
    assert.equal(facts.aux.get("redis-ver"), "8.2.3");
    assert.match(facts.aux.get("ctime") ?? "", /^\d{10}$/);
    assert.equal(facts.moduleValues, 1, "what the module keeps for itself is not counted");
    assert.equal(read(recorded, { moduleType: "graphmeta" }).moduleValues, 0);
    assert.equal(read(recorded).moduleValues, 0);
  });

  test("is read alike in whatever pieces it comes", () => {
    const whole = read(recorded, { moduleType: "graphdata" });
    for (const chunk of [1, 2, 7, 8, 9, 10, 64, 1000]) {
      assert.deepEqual(read(recorded, { moduleType: "graphdata", chunk }), whole, `${chunk} bytes at a time`);
    }
  });

  test("of Valkey 9 has a magic of its own", () => {
    assert.equal(read(dumpOf(Buffer.alloc(0), { magic: "VALKEY080" })).version, 80);
  });

  test("without a checksum says so", () => {
    assert.equal(read(dumpOf(Buffer.from("abc"), { checksum: false })).checksum, false);
  });

  test("in which any one bit has changed is refused, unless that bit is the magic's", () => {
    for (let at = 0; at < recorded.length; at += 1) {
      const changed = Buffer.from(recorded);
      changed.writeUInt8(changed.readUInt8(at) ^ (1 << (at % 8)), at);
      assert.throws(() => read(changed), RdbError, `byte ${at}`);
    }
  });

  test("that was cut short anywhere is refused", () => {
    for (let length = 0; length < recorded.length; length += 1) {
      assert.throws(() => read(recorded.subarray(0, length)), RdbError, `${length} bytes`);
    }
  });

  test("without a checksum still has to end as one", () => {
    const whole = dumpOf(Buffer.from("abc"), { checksum: false });
    const cut = Buffer.from(whole.subarray(0, -9));
    assert.throws(() => read(Buffer.concat([cut, Buffer.alloc(8)])), /cut short/);
    assert.throws(() => read(Buffer.concat([whole, Buffer.alloc(1)])), /cut short, or something was added/);
  });

  test("with anything after it is refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (more) => {
        assert.throws(() => read(Buffer.concat([recorded, more])), RdbError);
      }),
    );
  });

  test("is nothing that does not begin as one, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.throws(() => read(bytes), RdbError);
      }),
    );
    assert.throws(() => read(Buffer.alloc(0)), /is empty/);
    assert.throws(() => read(dumpOf(Buffer.alloc(0), { magic: "REDIS0004" })), /no checksum/);
  });

  test("with a header of nonsense is read as far as that goes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (content) => {
        const facts = read(dumpOf(Buffer.concat([Buffer.from([0xfa]), content])));
        for (const [name, value] of facts.aux) assert.ok(typeof name === "string" && typeof value === "string");
        assert.equal(facts.checksum, true);
      }),
    );
  });
});
