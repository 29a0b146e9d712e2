import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { it } from "node:test";

it("npm run check has nothing to say", { timeout: 240_000 }, () => {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "check"], {
    cwd: join(import.meta.dirname, "../.."),
    encoding: "utf8",
    // Else the tests that are a part of it take themselves for a part of this one, and are not run.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    timeout: 230_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
});
