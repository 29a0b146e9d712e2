import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { alerts } from "../../monitors/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { dashboardFiles } from "../../setup/dashboard-files.ts";
import { ruleFiles } from "../../setup/rule-files.ts";
import { severitiesOf } from "../../src/model/alert/condition.ts";
import { alertingRules, ruleName } from "../../src/provision/prometheus/rules.ts";
import { scenariosOf } from "../provision/rule-scenarios.ts";
import { assertRealCommand } from "../support/real-command.ts";

const root = join(import.meta.dirname, "../..");
const filesOf = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && statSync(join(root, folder, name)).isFile())
    .sort();

/** Words in capitals stand for what a person fills in. */
const wordsFor = (by: readonly string[]) =>
  Object.fromEntries([...by, "value"].map((label) => [label, label === "reason" ? "network" : label.toUpperCase()]));

/** Nothing is left of an alert, a dashboard or a stack that was taken out. */
function assertNoOthers(place: string, rendered: readonly { readonly file: string }[]): void {
  const wanted = rendered.map(({ file }) => file);
  assert.ok(wanted.length > 0);
  assert.deepEqual(
    filesOf(place, "").map((name) => `${place}/${name}`),
    wanted.toSorted(),
  );
}

it("dashboards/generated/: holds the files that are rendered and no others", () => {
  assertNoOthers("dashboards/generated", dashboardFiles);
});

describe("monitors/", () => {
  it("holds a file for each alert and nothing else, and index.ts names every one, in order", () => {
    const own = readdirSync(join(root, "monitors")).filter((name) => name.endsWith(".ts"));
    const files = own.filter((name) => !["index.ts", "stacks.ts"].includes(name)).map((name) => name.slice(0, -3));
    assert.deepEqual(
      alerts.map(({ id }) => id),
      files.sort(),
    );
  });

  it("has no two alerts with one id, nor two whose rules have one name", () => {
    for (const names of [alerts.map(({ id }) => id), alerts.map(({ id }) => ruleName(id))])
      assert.equal(new Set(names).size, names.length);
  });

  it("generated/: holds the files that are rendered and no others", () => {
    assertNoOthers("monitors/generated", ruleFiles);
  });
});

for (const alert of alerts) {
  describe(`the alert ${alert.id}`, () => {
    const conditions = stacks.map((stack) => alert.condition(stack));

    it("has a rule for each of its levels, and each is tried: it fires, recovers and stays silent", () => {
      for (const [index, stack] of stacks.entries()) {
        const condition = conditions[index] ?? assert.fail();
        const severities = severitiesOf(condition);
        assert.ok(severities.length > 0);
        assert.deepEqual(
          alertingRules([alert], stack).map(({ labels }) => labels["severity"]),
          severities,
        );
        for (const severity of severities) {
          const expected = scenariosOf(condition, severity).flatMap((scenario) => scenario.expected);
          assert.ok(expected.some(({ fires }) => fires));
          assert.ok(expected.some(({ fires }) => !fires));
        }
      }
    });

    it("says what to do, by commands that there are", async () => {
      const remedies = conditions.flatMap(({ by }) => alert.remedies(wordsFor(by)));
      assert.ok(remedies.some(({ command }) => command !== undefined));
      for (const { command = "" } of remedies.filter((remedy) => remedy.command?.startsWith("pantheros ")))
        await assertRealCommand(command);
    });

    it("is told in whole sentences, about its own group", () => {
      for (const { by } of conditions) {
        const words = wordsFor(by);
        const summary = alert.summary(words);
        assert.match(summary, /^[^\n]+\.$/);
        assert.doesNotMatch(summary, /undefined/);
        if (by.includes("host")) assert.match(summary, /HOST/);
        assert.match(alert.why, /^[^\n]+\.$/);
      }
    });

    it("has a section in docs/alerts.md", () => {
      assert.match(readFileSync(join(root, "docs/alerts.md"), "utf8"), new RegExp(`^## ${alert.id}$`, "m"));
    });
  });
}
