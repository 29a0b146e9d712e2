import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { alerts } from "../../../monitors/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import type { AnyAlert } from "../../../src/model/alert/alert.ts";
import { type AnyCondition, type Severity, severitiesOf } from "../../../src/model/alert/condition.ts";
import type { Unit } from "../../../src/model/alert/measure.ts";
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
            .map(({ annotations: { summary }, ...rule }) => ({ ...rule, annotations: { summary } }));
          const scenarios = scenariosOf(condition, severity);
          assert.ok(scenarios.length >= 3);
          const directory = temporaryDirectory(t);
          writeFileSync(join(directory, "rules.yaml"), JSON.stringify({ groups: [{ name: "pantheros", rules }] }));
          const tests = scenarios.map((scenario) => testOf(scenario, alert, condition, severity));
          const file = join(directory, "test.yaml");
          writeFileSync(file, JSON.stringify({ rule_files: ["rules.yaml"], evaluation_interval: "1m", tests }));
          const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
          assert.equal(status, 0, stdout + stderr);
        });
      }
    }
  }
});

function testOf(scenario: Scenario, { id, summary }: AnyAlert, condition: AnyCondition, severity: Severity) {
  const { by } = condition;
  const groups = scenario.series.map(({ series }) =>
    Object.fromEntries([...series.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value])),
  );
  const group = groups.find((labels) => by.every((label) => labels[label] !== undefined)) ?? {};
  const own = Object.fromEntries(by.map((label) => [label, group[label] ?? ""]));
  const exp_labels = { ...own, severity, pantheros_id: id };
  const said = scenario.value === undefined ? "" : written(scenario.value, unitOf(condition));
  const exp_annotations = { summary: summary({ ...own, value: said }) };
  return {
    name: scenario.name,
    interval: "1m",
    input_series: scenario.series,
    alert_rule_test: scenario.expected.map(({ minute, fires }) => ({
      eval_time: `${minute}m`,
      alertname: ruleName(id),
      exp_alerts: fires ? [{ exp_labels, exp_annotations }] : [],
    })),
  };
}

function unitOf(condition: AnyCondition): Unit {
  if (condition.kind === "threshold") return condition.value.unit;
  const [first] = condition.kind === "either" ? condition.of : [];
  return first === undefined ? "count" : unitOf(first);
}

/** For a person, as Prometheus writes it; of what is below a second nothing is tried. */
function written(value: number, unit: Unit): string {
  if (unit === "ratio") return `${significant(value * 100)}%`;
  if (unit !== "seconds") return significant(value);
  const seconds = Math.floor(value);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first)
    .map(([count, letter]) => `${count}${letter}`)
    .join(" ");
}

const significant = (value: number) => String(Number(value.toPrecision(4)));
