import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startInTerminal } from "../support/terminal.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

describe("what a command prints", { timeout: 60_000 }, () => {
  it("is not cut on a terminal that does not know its own width", async (t) => {
    // Nobody has told this one: it says that it is 0 columns wide.
    const terminal = startInTerminal(t, [process.execPath, main, "explain"]);
    await terminal.waitFor(/another run of the same job holds the lock/);
    assert.equal(await terminal.ended, 0);
  });

  it("that could not be written is told, and is a failure", () => {
    const shell = ["-c", '"$0" "$@" >/dev/full', process.execPath, main, "explain"];
    const { status, stderr } = spawnSync("sh", shell, { encoding: "utf8", timeout: 30_000 });
    assert.equal(status, 1);
    assert.match(stderr, /^pantheros: what it printed is not whole: .*ENOSPC/);
  });
});
