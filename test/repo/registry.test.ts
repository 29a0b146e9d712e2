import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { collectors } from "../../src/collectors/index.ts";
import { commands } from "../../src/commands/index.ts";
import { loadRunners } from "../../src/runners/index.ts";

const source = join(import.meta.dirname, "../../src");

type Plain = Readonly<Record<string, unknown>>;
const has = (value: Plain, field: string, type: string) => typeof value[field] === type;

/** What the files of a folder define: whatever they export that has the shape of it. */
async function definitions(folder: string, isOne: (value: Plain) => boolean): Promise<Map<Plain, string>> {
  const found = new Map<Plain, string>();
  for (const file of readdirSync(join(source, folder)).filter((name) => name.endsWith(".ts") && name !== "index.ts")) {
    const exported: Plain = await import(join(source, folder, file));
    for (const value of Object.values(exported)) {
      if (typeof value === "object" && value !== null && isOne(value as Plain)) found.set(value as Plain, file);
    }
  }
  return found;
}

/** Compares names, so that a difference can be read, and then the things themselves. */
function assertSame(
  defined: ReadonlyMap<Plain, string>,
  registered: readonly object[],
  nameOf: (one: object) => string,
): void {
  assert.deepEqual([...defined.keys()].map(nameOf).sort(), registered.map(nameOf).sort());
  for (const one of registered) assert.equal(defined.get(one as Plain), `${nameOf(one).replaceAll(".", "-")}.ts`);
}

describe("what is defined is registered, and what is registered has a file of its own", () => {
  const nameOf = (one: object) => String((one as Plain)["uses"] ?? (one as Plain)["name"]);

  it("runners: src/runners/index.ts", async () => {
    const defined = await definitions(
      "runners",
      (value) => has(value, "uses", "string") && has(value, "run", "function"),
    );
    assertSame(defined, await loadRunners(), nameOf);
  });

  it("collectors: src/collectors/index.ts", async () => {
    const defined = await definitions(
      "collectors",
      (value) => has(value, "name", "string") && has(value, "collect", "function"),
    );
    assertSame(defined, Object.values(collectors), nameOf);
  });

  it("commands: src/commands/index.ts, under the name that each says it has", async () => {
    const defined = await definitions(
      "commands",
      (value) => has(value, "name", "string") && has(value, "run", "function"),
    );
    const loaded = await Promise.all(Object.values(commands).map((entry) => entry.load()));
    assertSame(defined, loaded, nameOf);
    assert.deepEqual(loaded.map(nameOf), Object.keys(commands));
  });
});
