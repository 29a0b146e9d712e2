import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { usesOf } from "../../src/config/declaration.ts";
import { checkConfig, readConfig } from "../../src/config/load.ts";
import { scopesIn } from "../../src/config/references.ts";
import { optionsOf } from "../../src/engine/runner-context.ts";
import { loadRunners, runnerNames } from "../../src/runners/index.ts";
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
    it(`${file}: a step without references comes to the same when it is checked and when it is run`, async () => {
      const written = readConfig(file, readFileSync(join(folder, file), "utf8"));
      const runners = await loadRunners(usesOf(written.source.value));
      const { config, steps } = checkConfig(written, { runners, runnerNames });
      for (const [job, { steps: configured }] of Object.entries(config.jobs)) {
        for (const [index, step] of configured.entries()) {
          if (scopesIn(step).size > 0) continue;
          const runner = runners.find(({ uses }) => uses === step.uses) ?? assert.fail(step.uses);
          const checked = steps.get(job)?.find(({ position }) => position === index)?.planned;
          assert.deepEqual(checked, optionsOf(runner, step), `${job} ${step.uses}`);
        }
      }
    });

    it(`${file}: the configuration has no problems, and its page says what to install`, async (t) => {
      const { code, stdout } = await runPantheros(t, join(folder, file), ["config", "check"]);
      assert.equal(code, 0, stdout);
      const page = readFileSync(join(folder, file, "../README.md"), "utf8");
      for (const heading of ["## Install", "## Policy", "## Restore"]) assert.ok(page.includes(heading), heading);
    });
  }
});
