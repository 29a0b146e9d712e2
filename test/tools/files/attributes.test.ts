import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import type { Execute, ToolResult } from "../../../src/tools/exec.ts";
import { parseAttributes, readAttributes, readCompressionProperty } from "../../../src/tools/files/attributes.ts";

const answering =
  (end: Partial<ToolResult>): Execute =>
  async ({ argv }) => ({ argv, exitCode: 0, signal: null, stdout: "", stderr: "", durationSeconds: 0, ...end });

describe("the attributes of files (e2fsprogs 1.47.0)", () => {
  it("are letters among dashes, by path", () => {
    const text = "---------------C------ /a b/c\n---------------------m /m\n---------------------- /\n";
    assert.deepEqual(
      [...parseAttributes(text)],
      [
        ["/a b/c", "C"],
        ["/m", "m"],
        ["/", ""],
      ],
    );
  });

  it("are unknown where lsattr may not look, and each other path is still told", async () => {
    const execute = answering({
      exitCode: 1,
      stdout: "---------------C------ /seen\n",
      stderr:
        "lsattr: Permission denied While reading flags on /closed\nlsattr: Operation not supported While reading flags on /proc\n",
    });
    const found = await readAttributes(execute, ["/seen", "/closed", "/proc", "/gone\nname"]);
    assert.deepEqual(found.get("/seen"), { known: true, value: "C" });
    assert.deepEqual(found.get("/closed"), { known: false, why: "lsattr /closed: Permission denied: run it as root" });
    assert.deepEqual(found.get("/proc"), { known: false, why: "lsattr /proc: Operation not supported" });
    assert.equal(found.get("/gone\nname"), undefined, "a name that could look like another line is not asked for");
  });

  it("are unknown when lsattr answers garbage", async () => {
    const found = await readAttributes(answering({ stdout: "garbage\n\0\n" }), ["/a"]);
    assert.deepEqual(found.get("/a"), { known: false, why: "lsattr /a: no answer" });
  });

  it("are unknown when there is no lsattr; what stops a look stops it", async () => {
    const missing: Execute = () => Promise.reject(new StepError("tool_missing", "lsattr is not installed"));
    const seen = (await readAttributes(missing, ["/a"])).get("/a");
    assert.deepEqual(seen, { known: false, why: "lsattr is not installed" });
    const cancelled: Execute = () => Promise.reject(new StepError("cancelled", "stopped"));
    await assert.rejects(readAttributes(cancelled, ["/a"]), /stopped/);
  });
});

describe("the property compression (btrfs-progs 6.2)", () => {
  const read = (end: Partial<ToolResult>) => readCompressionProperty(answering(end), "/a");

  it("is what it says, or not set", async () => {
    assert.deepEqual(await read({ stdout: "compression=zstd\n" }), { known: true, value: "zstd" });
    assert.deepEqual(await read({ stdout: "" }), { known: true, value: "" });
  });

  it("is unknown where it may not be read", async () => {
    const stderr = "ERROR: failed to open /a: Permission denied\nERROR: object is not a btrfs object: /a\n";
    const why = "btrfs property get /a compression: failed to open /a: Permission denied";
    assert.deepEqual(await read({ exitCode: 1, stderr }), { known: false, why });
  });
});
