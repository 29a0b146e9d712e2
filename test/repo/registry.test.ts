import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { collectors } from "../../src/collectors/index.ts";
import { commands } from "../../src/commands/index.ts";
import { runners } from "../../src/runners/index.ts";

const source = join(import.meta.dirname, "../../src");

type Plain = Readonly<Record<string, unknown>>;

/** What the files of a folder define, by file: whatever they export that has the shape of it. */
async function definitions(folder: string, isOne: (value: Plain) => boolean): Promise<ReadonlyMap<string, Plain>> {
  const found = new Map<string, Plain>();
  for (const file of readdirSync(join(source, folder)).filter((name) => name.endsWith(".ts") && name !== "index.ts")) {
    const exported: Plain = await import(join(source, folder, file));
    for (const value of Object.values(exported)) {
      if (typeof value === "object" && value !== null && isOne(value as Plain)) found.set(file, value as Plain);
    }
  }
  return found;
}

const has = (value: Plain, field: string, type: string) => typeof value[field] === type;

describe("what is defined is registered, and what is registered has a file of its own", () => {
  it("runners: src/runners/index.ts", async () => {
    const defined = await definitions(
      "runners",
      (value) => has(value, "uses", "string") && has(value, "run", "function"),
    );
    assert.deepEqual(new Set(defined.values()), new Set(Object.values(runners)));
    for (const [file, runner] of defined) assert.equal(file, `${String(runner["uses"]).replaceAll(".", "-")}.ts`);
  });

  it("collectors: src/collectors/index.ts", async () => {
    const defined = await definitions("collectors", (value) => has(value, "collect", "function"));
    assert.deepEqual(new Set(defined.values()), new Set(Object.values(collectors)));
    for (const [file, collector] of defined) assert.equal(file, `${String(collector["name"])}.ts`);
  });

  it("commands: src/commands/index.ts", async () => {
    const defined = await definitions(
      "commands",
      (value) => has(value, "name", "string") && has(value, "run", "function"),
    );
    const loaded = await Promise.all(Object.values(commands).map((entry) => entry.load()));
    assert.deepEqual(new Set(defined.values()), new Set<unknown>(loaded));
    assert.deepEqual(
      loaded.map((command) => command.name),
      Object.keys(commands),
    );
    for (const [file, command] of defined) assert.equal(file, `${String(command["name"])}.ts`);
  });

  it("no two are called the same", () => {
    for (const names of [
      Object.values(runners).map((runner) => runner.uses),
      Object.values(collectors).map((collector) => collector.name),
    ]) {
      assert.deepEqual(names, [...new Set(names)]);
    }
  });
});
