import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { compressing, decompressing, zstdSizes } from "../../src/tools/zstd.ts";

const recorded = (name: string) =>
  readFileSync(join(import.meta.dirname, "../fixtures/zstd/1.5.4", `${name}.txt`), "utf8");

describe("the sizes that zstd tells", () => {
  it("are bytes that came and went", () => {
    assert.deepEqual(zstdSizes(recorded("compress")), { raw: 5_000_000, compressed: 175 });
    assert.deepEqual(zstdSizes(recorded("compress-nothing")), { raw: 0, compressed: 13 });
  });

  it("are unknown where it rounds, or did not come to its end", () => {
    assert.equal(zstdSizes("/*stdin*\\ : 50.00%   (  4.77 MiB =>   2.38 MiB, /*stdout*\\)"), null);
    assert.equal(zstdSizes(recorded("full")), null);
    assert.equal(zstdSizes(""), null);
  });
});

describe("a zstd that failed", () => {
  const result = { argv: ["zstd"], exitCode: 1, signal: null, stdout: "", durationSeconds: 1 };
  for (const [name, reason] of [
    ["truncated", "verification"],
    ["damaged", "verification"],
    ["not-zstd", "verification"],
    ["full", "space"],
  ] as const) {
    it(`${name}: ${reason}`, () => {
      const failure = decompressing().failure?.({ ...result, stderr: recorded(name) });
      assert.equal(failure?.reason, reason);
      assert.ok(failure.details.advice);
    });
  }

  it("because it was killed is killed, without a reason of its own unknown", () => {
    const { failure } = compressing(3);
    assert.equal(failure?.({ ...result, exitCode: null, signal: "SIGKILL", stderr: "" }).reason, "killed");
    assert.equal(failure?.({ ...result, stderr: "" }).reason, "unknown");
  });
});
