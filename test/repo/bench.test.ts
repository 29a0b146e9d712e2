import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { benchmarks } from "../../bench/index.ts";
import { formatResults, formatTable } from "../../bench/results.ts";
import { atMost, plain } from "../../bench/row.ts";

const folder = join(import.meta.dirname, "../../bench");
/** Programs, which do something as soon as they are loaded. */
const programs = ["run.ts", "one.ts", "cost-scan.ts", "listing-server.ts", "provision-server.ts"];

describe("the benchmarks", () => {
  it("each file that defines one is registered under its name, and what is registered has a file", async () => {
    const defined: string[] = [];
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "index.ts")) {
      if (programs.includes(file)) continue;
      const exported: Record<string, unknown> = await import(join(folder, file));
      for (const value of Object.values(exported)) {
        if (typeof value === "object" && value !== null && "needs" in value && "run" in value && "name" in value) {
          assert.equal(file, `${value.name}.ts`);
          defined.push(String(value.name));
        }
      }
    }
    assert.deepEqual(defined.sort(), benchmarks.map(({ name }) => name).sort());
  });

  it("say of each promise whether it was kept, and of each that was not why", () => {
    const write = (value: number) => `${value} ms`;
    const kept = atMost("quick", { value: 4, limit: 4, write }, { how: "Once." });
    const missed = atMost("slow", { value: 5, limit: 4, write }, { how: "Twice.", whenMissed: "it is old" });
    const rows = [kept, missed, plain("other", "7 ms", "Never.")];
    assert.deepEqual(
      rows.map(({ target, met }) => [target, met]),
      [
        ["≤ 4 ms", true],
        ["≤ 4 ms", false],
        ["", null],
      ],
    );
    assert.equal(formatTable([missed]).split("\n")[1], "slow  5 ms   ≤ 4 ms  missed");
    const text = formatResults(rows, { Kernel: "6" });
    assert.match(text, /^Kernel: 6$/m);
    assert.match(text, /^\| quick \| 4 ms \| ≤ 4 ms \| met \|$/m);
    assert.match(text, /^- slow: Twice\.$/m);
    assert.match(text, /^- slow: it is old\.$/m);
  });
});
