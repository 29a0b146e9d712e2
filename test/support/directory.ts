import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A private folder that is removed when the test ends. */
export function temporaryDirectory(t: Pick<TestContext, "after">): string {
  const path = mkdtempSync(join(tmpdir(), "pantheros-test-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
