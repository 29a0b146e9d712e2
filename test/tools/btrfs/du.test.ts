import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { measureExclusive, parseExclusive } from "../../../src/tools/btrfs/du.ts";
import type { Execute } from "../../../src/tools/exec.ts";

const recorded = readFileSync(new URL("../../fixtures/btrfs/6.2/filesystem-du.txt", import.meta.url), "utf8");
const answering =
  (stdout: string, stderr: string, exitCode: number): Execute =>
  async ({ argv }) => ({ argv, exitCode, signal: null, stdout, stderr, durationSeconds: 0 });

describe("what btrfs filesystem du says", () => {
  it("is the bytes that nothing else shares", () => {
    assert.equal(parseExclusive(recorded, "/mnt/data.1"), 5242880);
  });

  it("is understood of a name with line breaks and numbers in it", () => {
    const path = "/mnt/a\n      1       2       3  /b";
    assert.equal(parseExclusive(recorded.replace("/mnt/data.1", path), path), 5242880);
  });

  it("is refused when it is of something else, or no number", () => {
    for (const text of [
      "",
      recorded.replace("/mnt/data.1", "/mnt/other"),
      recorded.replace(/5242880 +5242880/, "5242880 -1"),
      recorded.split("\n")[0],
    ]) {
      assert.throws(() => parseExclusive(text ?? "", "/mnt/data.1"), { reason: "verification" });
    }
  });

  it("may be that the snapshot is gone; what else goes wrong is told", async () => {
    const gone = answering("", "ERROR: cannot check space of '/mnt/x': No such file or directory\n", 1);
    assert.equal(await measureExclusive(gone, "/mnt/x", 1), null);
    const refused = answering("", "ERROR: cannot check space of '/mnt/x': Permission denied\n", 1);
    await assert.rejects(measureExclusive(refused, "/mnt/x", 1), { reason: "auth" });
    await assert.rejects(measureExclusive(gone, "<top level>/x", 1), /through no mount/);
  });
});
