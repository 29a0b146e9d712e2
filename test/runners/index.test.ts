import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { loadRunner, loadRunners, runnerNames } from "../../src/runners/index.ts";
import type { Runner } from "../../src/runners/runner.ts";
import { describeRunners } from "../contract/runner.ts";

const runners = await loadRunners();
describeRunners(runners as readonly unknown[] as readonly Runner[]);

const folder = new URL("../../src/runners/", import.meta.url);

describe("the list of runners", () => {
  it("has every file of the folder that defines one", () => {
    const files = readdirSync(folder).filter((name) => {
      return (
        name.endsWith(".ts") &&
        name !== "runner.ts" &&
        readFileSync(new URL(name, folder), "utf8").includes("= defineRunner(")
      );
    });
    const imported = [...readFileSync(new URL("index.ts", folder), "utf8").matchAll(/import\("\.\/(.+)"\)/g)].map(
      ([, file]) => file,
    );
    assert.deepEqual(files.sort(), imported.sort());
    assert.equal(files.length, runners.length);
  });

  it("is asked by the name that a step uses, and gives what bears it", async () => {
    assert.deepEqual(
      runners.map(({ uses }) => uses),
      runnerNames,
    );
    for (const uses of runnerNames) assert.equal((await loadRunner(uses)).uses, uses);
    for (const uses of ["backup.carrier-pigeon", "constructor", ""]) {
      await assert.rejects(
        loadRunner(uses),
        (error) =>
          error instanceof StepError && error.reason === "config" && /snapshot\.btrfs/.test(error.details.advice ?? ""),
      );
    }
  });

  it("gives some of them in its own order, once, and leaves out what there is not", async () => {
    const some = await loadRunners(["command", "backup.restic", "command", "backup.carrier-pigeon"]);
    assert.deepEqual(
      some.map(({ uses }) => uses),
      ["backup.restic", "command"],
    );
  });

  it("gives each runner's label for the counters, whatever its options are", async () => {
    assert.equal((await loadRunner("snapshot.btrfs")).target({ subvolume: "data" }), "data");
    assert.equal((await loadRunner("prune.snapshots")).target({ subvolume: "data" }), "data");
    assert.equal((await loadRunner("command")).target({ argv: ["true"] }), null);
  });
});
