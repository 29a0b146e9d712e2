import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { stacks } from "../../monitors/stacks.ts";
import { configuration } from "../../src/config/schema.ts";
import { assertRealCommand } from "../support/real-command.ts";

const root = join(import.meta.dirname, "../..");
const guides = readdirSync(join(root, "docs")).filter((name) => name.startsWith("from-zero-to-alerts-"));
const workflow = "examples/ci/github-actions.yaml";
const read = (file: string) => readFileSync(join(root, file), "utf8");
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, code = ""]) => code);
/** Calls of pantheros, as a shell reads them, without what follows in the line. */
const callsIn = (code: string) =>
  [...code.matchAll(/(?<![\w/.-])pantheros [a-z][^\n|>#;&]*/g)].map(([call]) => call.replaceAll('"', "").trim());

it("there is a guide for each way", () => {
  assert.deepEqual(
    guides.sort(),
    ["datadog", "grafana-cloud", "prometheus"].map((name) => `from-zero-to-alerts-${name}.md`),
  );
});

for (const guide of guides) {
  describe(guide, () => {
    const text = read(`docs/${guide}`);

    it("names commands that there are, with options that they take", async () => {
      const calls = blocks(text, "sh").flatMap(callsIn);
      assert.ok(calls.length >= 2);
      for (const call of calls) await assertRealCommand(call);
    });

    it("shows configurations of pantheros that are accepted", () => {
      const own = blocks(text, "yaml").filter((code) => code.startsWith("host:"));
      for (const code of own) assert.doesNotThrow(() => configuration.parse(parse(code)), code);
    });

    it("links to files that are there", () => {
      for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
        assert.ok(existsSync(join(root, dirname(`docs/${guide}`), target)), target);
    });
  });
}

describe(workflow, () => {
  const jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>> = parse(
    read(workflow),
  ).jobs;

  it("plans on pull requests, syncs what is merged and looks for edits by hand", () => {
    assert.deepEqual(Object.keys(jobs), ["rules", "plan", "sync", "drift"]);
  });

  it("names commands that there are, with options that they take, and a stack that is shipped", async () => {
    const calls = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run = "" }) => callsIn(run)));
    assert.ok(calls.length >= 4);
    for (const call of calls) await assertRealCommand(call);
    assert.ok(stacks.some(({ name }) => name === parse(read(workflow)).env.STACK));
  });
});
