import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { temporaryDirectory } from "../support/directory.ts";
import { invoke } from "./invoke.ts";

describe("pantheros collect", () => {
  it("with names looks with these alone, and prints what they saw and nothing else", async (t) => {
    const directory = temporaryDirectory(t);
    const file = join(directory, "pantheros.yaml");
    writeFileSync(file, `host: testhost\nstate_directory: ${directory}/state\n`);
    const call = (...words: string[]) => invoke(["collect", ...words, "--config", file]);

    const named = await call("disk");
    assert.deepEqual([named.code, named.stderr], [0, ""]);
    const families = named.stdout.split("\n").filter((line) => line.startsWith("pantheros_"));
    assert.deepEqual(
      families.map((line) => line.split(" ")[0]),
      ["pantheros_disk_usage_ratio", "pantheros_disk_size_bytes"],
    );
    const { samples } = JSON.parse((await call("disk", "--json")).stdout);
    assert.equal(samples.length, 2);

    const all = await call();
    assert.match(all.stdout, /^pantheros_disk_usage_ratio/m);
    assert.match(all.stdout, /^pantheros_collector_success/m);
  });
});
