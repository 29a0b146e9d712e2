import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { createCrc64 } from "../../src/tools/crc64.ts";

/** Bit by bit, as the polynomial is defined: slow and plain. */
function plain(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >> 1n) ^ (crc & 1n ? 0x95ac9329ac4bc9b5n : 0n);
  }
  return crc;
}

function crcOf(...parts: readonly Uint8Array[]): bigint {
  const crc = createCrc64();
  for (const part of parts) crc.add(part);
  return Buffer.from(crc.digest()).readBigUInt64LE();
}

suite("CRC-64 of dumps", () => {
  test("has the check value that its specification gives", () => {
    assert.equal(crcOf(Buffer.from("123456789")), 0xe9c6d914c4b8d9can);
    assert.equal(crcOf(), 0n);
  });

  test("is what its polynomial says, in whatever pieces the bytes come", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
        assert.equal(crcOf(bytes.subarray(0, cut), bytes.subarray(cut)), plain(bytes));
      }),
    );
  });
});
