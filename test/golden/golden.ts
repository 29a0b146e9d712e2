import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Compares text with a file of this folder, byte for byte. `UPDATE_GOLDEN=1` writes the file instead: read the difference before it is
 * committed.
 */
export function assertGolden(name: string, actual: string): void {
  const file = new URL(name, import.meta.url);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, actual);
  assert.equal(actual, readFileSync(file, "utf8"), `${name} differs: if that is meant, run again with UPDATE_GOLDEN=1`);
}
