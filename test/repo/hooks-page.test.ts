import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { hookFields } from "../../src/config/hook-references.ts";
import { loadConfig } from "../../src/config/load.ts";
import { loadRunners } from "../../src/runners/index.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/hooks.md"), "utf8");

describe("docs/hooks.md", () => {
  it("shows a configuration that is accepted", async () => {
    const [, yaml = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? [];
    const { config } = loadConfig("hooks.md", {
      runners: await loadRunners(),
      readFile: () => new TextEncoder().encode(yaml),
    });
    assert.equal(config.jobs["home"]?.hooks.length, 5);
  });

  it("names every field that a hook can refer to", () => {
    for (const field of hookFields) assert.ok(page.includes(`\`${field}\``), field);
  });
});
