/**
 * CRC-64 as Redis and Valkey end their dumps with (the "Jones" polynomial ad93d23594c935a9, bits reflected, initially 0;
 * check value of `123456789`: e9c6d914c4b8d9ca). Source: crc64.c of Valkey 8.1 (2026-11).
 */
export interface Crc64 {
  add(bytes: Uint8Array): void;
  /** As the eight bytes that a dump ends with, lowest first. */
  digest(): Uint8Array;
}

/** In halves of 32 bits, eight bytes at a time (slicing-by-8): BigInt would take fifty times as long. */
export function createCrc64(): Crc64 {
  const { low, high } = tables();
  let lo = 0;
  let hi = 0;
  return {
    add(bytes) {
      const whole = bytes.length - (bytes.length % 8);
      let at = 0;
      for (; at < whole; at += 8) {
        const a = lo ^ word(bytes, at);
        const b = hi ^ word(bytes, at + 4);
        const [i0, i1, i2, i3] = [
          1792 + (a & 255),
          1536 + ((a >>> 8) & 255),
          1280 + ((a >>> 16) & 255),
          1024 + (a >>> 24),
        ];
        const [i4, i5, i6, i7] = [768 + (b & 255), 512 + ((b >>> 8) & 255), 256 + ((b >>> 16) & 255), b >>> 24];
        lo = (low[i0] as number) ^ (low[i1] as number) ^ (low[i2] as number) ^ (low[i3] as number);
        lo ^= (low[i4] as number) ^ (low[i5] as number) ^ (low[i6] as number) ^ (low[i7] as number);
        hi = (high[i0] as number) ^ (high[i1] as number) ^ (high[i2] as number) ^ (high[i3] as number);
        hi ^= (high[i4] as number) ^ (high[i5] as number) ^ (high[i6] as number) ^ (high[i7] as number);
      }
      for (; at < bytes.length; at += 1) {
        const index = (lo ^ (bytes[at] as number)) & 255;
        lo = ((lo >>> 8) | (hi << 24)) ^ (low[index] as number);
        hi = (hi >>> 8) ^ (high[index] as number);
      }
    },
    digest() {
      const bytes = new Uint8Array(8);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, lo >>> 0, true);
      view.setUint32(4, hi >>> 0, true);
      return bytes;
    },
  };
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

let made: { readonly low: Int32Array; readonly high: Int32Array } | undefined;

/** Eight tables of 256: the effect of a byte that lies 0 to 7 bytes before the end. */
function tables() {
  if (made) return made;
  const low = new Int32Array(2048);
  const high = new Int32Array(2048);
  // ad93d23594c935a9 with its bits in reverse order.
  const [reversedLow, reversedHigh] = [0xac4bc9b5 | 0, 0x95ac9329 | 0];
  for (let value = 0; value < 256; value += 1) {
    let lo = value;
    let hi = 0;
    for (let bit = 0; bit < 8; bit += 1) {
      const carry = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi >>>= 1;
      if (carry) {
        lo ^= reversedLow;
        hi ^= reversedHigh;
      }
    }
    low[value] = lo;
    high[value] = hi;
  }
  for (let index = 256; index < 2048; index += 1) {
    const [lo, hi] = [low[index - 256] as number, high[index - 256] as number];
    low[index] = ((lo >>> 8) | (hi << 24)) ^ (low[lo & 255] as number);
    high[index] = (hi >>> 8) ^ (high[lo & 255] as number);
  }
  made = { low, high };
  return made;
}
