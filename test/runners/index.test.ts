import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { StepError } from "../../src/model/outcome.ts";
import { runnerFor, runners } from "../../src/runners/index.ts";
import type { Runner } from "../../src/runners/runner.ts";
import { describeRunners } from "../contract/runner.ts";

describeRunners(runners as readonly unknown[] as readonly Runner[]);

const folder = new URL("../../src/runners/", import.meta.url);

describe("the list of runners", () => {
  it("has every file of the folder that defines one", () => {
    const files = readdirSync(folder).filter((name) => {
      return name !== "runner.ts" && readFileSync(new URL(name, folder), "utf8").includes("= defineRunner(");
    });
    const imported = [...readFileSync(new URL("index.ts", folder), "utf8").matchAll(/from "\.\/(.+)"/g)].map(
      ([, file]) => file,
    );
    assert.deepEqual(files.sort(), imported.filter((file) => file !== "runner.ts").sort());
    assert.equal(files.length, runners.length);
  });

  it("is asked by the name that a step uses", () => {
    for (const { uses } of runners) assert.equal(runnerFor(uses).uses, uses);
    assert.throws(
      () => runnerFor("backup.carrier-pigeon"),
      (error) =>
        error instanceof StepError && error.reason === "config" && /snapshot\.btrfs/.test(error.details.advice ?? ""),
    );
  });

  it("gives each runner's label for the counters, whatever its options are", () => {
    assert.equal(runnerFor("snapshot.btrfs").target({ subvolume: "data" }), "data");
    assert.equal(runnerFor("prune.snapshots").target({ subvolume: "data" }), "data");
    assert.equal(runnerFor("command").target({ argv: ["true"] }), null);
  });
});
