import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";

const main = join(import.meta.dirname, "../../src/main.ts");
const whole = () =>
  execFileSync(process.execPath, [main, "config", "schema"], { encoding: "utf8", maxBuffer: 2 ** 26 });

describe("what is printed into a pipe", () => {
  it("arrives whole, however slow the reader is", async () => {
    // More than a pipe holds.
    const command = `"${process.execPath}" "${main}" config schema | (sleep 1; cat)`;
    const printed = execFileSync("sh", ["-c", command], { encoding: "utf8", maxBuffer: 2 ** 26 });
    assert.ok(printed.length > 100_000);
    assert.doesNotThrow(() => JSON.parse(printed));
    assert.equal(printed, whole());
  });

  it("is given up when the command is asked to stop", { timeout: 30_000 }, async () => {
    const child = spawn(process.execPath, [main, "config", "schema"], { stdio: ["ignore", "pipe", "ignore"] });
    await once(child.stdout, "readable");
    child.kill("SIGTERM");
    const [code, signal] = await once(child, "exit");
    assert.deepEqual([typeof code, signal], ["number", null]);
    child.stdout.destroy();
  });
});
