import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { up } from "../../src/commands/up.ts";
import { assertRealCommand } from "../support/real-command.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/running.md"), "utf8");

describe("docs/running.md", () => {
  it("names only calls that there are", async () => {
    const calls = [...page.matchAll(/(?:\/usr\/local\/bin\/|`)(pantheros [^`\n]+)/g)].map(([, call = ""]) => call);
    assert.ok(calls.length > 8);
    for (const call of calls) if (!call.endsWith("--help")) await assertRealCommand(call);
  });

  it("shows the unit that pantheros up --help shows", () => {
    const unit = [...up.description.matchAll(/^ {4}(.+)$/gm)].map(([, line]) => line);
    assert.ok(unit.length > 5);
    const [, shown = ""] = /```ini\n([\s\S]*?)```/.exec(page) ?? [];
    assert.deepEqual(
      shown.split("\n").filter((line) => line !== ""),
      unit,
    );
  });

  it("is found from the README", () => {
    assert.ok(readFileSync(join(root, "README.md"), "utf8").includes("docs/running.md"));
  });
});
