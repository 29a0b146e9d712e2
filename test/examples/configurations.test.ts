import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { runPantheros } from "../support/command.ts";

const folder = join(import.meta.dirname, "../../examples");

describe("the examples", () => {
  // What is in ci/ is the configuration of others.
  const files = globSync("*/*.yaml", { cwd: folder, exclude: ["ci/**"] }).sort();

  it("are there for each of the five systems", () => {
    const systems = new Set(files.map((file) => file.split("/")[0]));
    assert.deepEqual(
      [...systems],
      ["cluster-3-2-1", "opencode-memory", "pantheros-host", "postgres-production", "server"],
    );
  });

  for (const file of files) {
    it(`${file}: the configuration has no problems, and its page says what to install`, async (t) => {
      const { code, stdout } = await runPantheros(t, join(folder, file), ["config", "check"]);
      assert.equal(code, 0, stdout);
      const page = readFileSync(join(folder, file, "../README.md"), "utf8");
      for (const heading of ["## Install", "## Policy", "## Restore"]) assert.ok(page.includes(heading), heading);
    });
  }
});
