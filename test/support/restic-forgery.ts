import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ResticRepository } from "./restic.ts";

export interface ForgedSnapshot {
  /** RFC 3339 with the offset that it was "made" in. */
  readonly time: string;
  readonly hostname: string;
  readonly paths?: readonly string[];
  readonly tags?: readonly string[];
}

interface MasterKey {
  readonly mac: { readonly k: string; readonly r: string };
  readonly encrypt: string;
}

/**
 * Writes snapshots into a local repository as restic itself stores them, without a backup for each: ten thousand in some seconds. They list,
 * group and are forgotten like others; their trees are not there.
 */
export function forgeSnapshots({ path, restic }: ResticRepository, snapshots: readonly ForgedSnapshot[]): void {
  const key = JSON.parse(restic("cat", "masterkey")) as MasterKey;
  const directory = join(path, "snapshots");
  mkdirSync(directory, { recursive: true });
  for (const snapshot of snapshots) {
    const text = JSON.stringify({ tree: "0".repeat(64), paths: ["/"], username: "test", ...snapshot });
    const file = seal(Buffer.from(text), key);
    writeFileSync(join(directory, createHash("sha256").update(file).digest("hex")), file);
  }
}

/** AES-256 in counter mode, and Poly1305-AES of what comes of it: doc/design.rst of restic, "Keys, Encryption and MAC". */
function seal(plain: Buffer, { mac, encrypt }: MasterKey): Buffer {
  const nonce = randomBytes(16);
  const cipher = createCipheriv("aes-256-ctr", Buffer.from(encrypt, "base64"), nonce);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const block = createCipheriv("aes-128-ecb", Buffer.from(mac.k, "base64"), null).setAutoPadding(false);
  const pad = Buffer.concat([block.update(nonce), block.final()]);
  return Buffer.concat([nonce, sealed, poly1305(sealed, Buffer.from(mac.r, "base64"), pad)]);
}

function poly1305(message: Buffer, key: Buffer, pad: Buffer): Buffer {
  const r = littleEndian(key) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = Buffer.concat([message.subarray(at, at + 16), Buffer.from([1])]);
    sum = ((sum + littleEndian(block)) * r) % ((1n << 130n) - 5n);
  }
  const tag = (sum + littleEndian(pad)) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, "0"), "hex").reverse();
}

function littleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}
