import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { commands } from "../../src/commands/index.ts";
import { loadConfig } from "../../src/config/load.ts";
import { metrics } from "../../src/model/metrics.ts";
import { loadRunners } from "../../src/runners/index.ts";

const root = join(import.meta.dirname, "../..");

/** Jobs and what they need, for pages that show a section alone. */
const around = `host: h
repositories: { r: { repository: /r, password: { file: /p } } }
jobs:
  postgres: { steps: [{ uses: backup.restic, repository: r, from: /srv }] }
  postgres-drill: { steps: [{ uses: drill.files, repository: r }] }
`;

for (const name of ["evidence", "cost", "layout", "btrfs"]) {
  const file = join(root, `docs/${name}.md`);
  const page = readFileSync(file, "utf8");
  describe(`docs/${name}.md`, () => {
    it("shows configurations that are accepted", async () => {
      const runners = await loadRunners();
      const written = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = ""]) => yaml);
      assert.ok(written.length > 0);
      for (const yaml of written) {
        const text = yaml.startsWith("host:") ? yaml : around + yaml;
        assert.doesNotThrow(
          () => loadConfig("page", { runners, readFile: () => new TextEncoder().encode(text) }),
          yaml,
        );
      }
    });

    it("names only commands, metrics and pages that there are", () => {
      for (const [, command = ""] of page.matchAll(/`pantheros ([a-z]+)/g)) assert.ok(command in commands, command);
      const known = new Set(Object.values(metrics).map(({ prometheus }) => prometheus));
      for (const [, metric = ""] of page.matchAll(/`(pantheros_[a-z_]+)`/g))
        assert.ok(known.has(metric as never), metric);
      for (const [, target = ""] of page.matchAll(/\]\((?!https?:)([^)#]+)/g))
        assert.ok(existsSync(join(dirname(file), target)), target);
    });

    it("is found from the README", () => {
      assert.ok(readFileSync(join(root, "README.md"), "utf8").includes(`docs/${name}.md`));
    });
  });
}
