import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { alerts } from "../../../monitors/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import { severitiesOf } from "../../../src/model/alert/condition.ts";
import { alertingRules, ruleName } from "../../../src/provision/prometheus/rules.ts";
import { needs } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { type Scenario, scenariosOf } from "../rule-scenarios.ts";

describe("alerting rules", () => {
  const seen = new Set<string>();
  for (const stack of stacks) {
    for (const alert of alerts) {
      const condition = alert.condition(stack);
      // What does not differ between stacks is tried once.
      const written = JSON.stringify([alert.id, condition]);
      if (seen.has(written)) continue;
      seen.add(written);
      for (const severity of severitiesOf(condition)) {
        const options = needs("promtool");
        it(`${stack.name}: ${alert.id} fires, recovers and stays silent as ${severity}`, options, (t) => {
          const rules = alertingRules([alert], stack)
            .filter(({ labels }) => labels["severity"] === severity)
            // What they say is in the committed files; here it is when they say it.
            .map(({ annotations: _, ...rule }) => rule);
          const scenarios = scenariosOf(condition, severity);
          assert.ok(scenarios.length >= 3);
          const directory = temporaryDirectory(t);
          writeFileSync(join(directory, "rules.yaml"), JSON.stringify({ groups: [{ name: "pantheros", rules }] }));
          const tests = scenarios.map((scenario) =>
            testOf(scenario, ruleName(alert.id), condition.by, severity, alert.id),
          );
          const file = join(directory, "test.yaml");
          writeFileSync(file, JSON.stringify({ rule_files: ["rules.yaml"], evaluation_interval: "1m", tests }));
          const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
          assert.equal(status, 0, stdout + stderr);
        });
      }
    }
  }
});

function testOf(scenario: Scenario, alertname: string, by: readonly string[], severity: string, id: string) {
  const groups = scenario.series.map(({ series }) =>
    Object.fromEntries([...series.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value])),
  );
  const group = groups.find((labels) => by.every((label) => labels[label] !== undefined)) ?? {};
  const exp_labels = { ...Object.fromEntries(by.map((label) => [label, group[label]])), severity, pantheros_id: id };
  return {
    name: scenario.name,
    interval: "1m",
    input_series: scenario.series,
    alert_rule_test: scenario.expected.map(({ minute, fires }) => ({
      eval_time: `${minute}m`,
      alertname,
      exp_alerts: fires ? [{ exp_labels }] : [],
    })),
  };
}
