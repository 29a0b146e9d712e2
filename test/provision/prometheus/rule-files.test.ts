import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { alerts } from "../../../monitors/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import type { Stack } from "../../../src/model/alert/stack.ts";
import { recordingRules } from "../../../src/provision/prometheus/recording-rules.ts";
import { mimirRuleFile, mostRulesInGroup, prometheusRuleFile } from "../../../src/provision/prometheus/rule-files.ts";
import type { AlertingRule } from "../../../src/provision/prometheus/rules.ts";
import { needs, onPath } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const [stack] = stacks as readonly [Stack];
interface RuleFile {
  readonly namespace?: string;
  readonly groups: readonly { readonly name: string; readonly rules: readonly Partial<AlertingRule>[] }[];
}
const read = (text: string) => parse(text) as RuleFile;
const promtool = (...words: readonly string[]) =>
  spawnSync(onPath("promtool") ?? "promtool", words, { encoding: "utf8", timeout: 60_000 });

describe("rule files", () => {
  for (const each of stacks) {
    it(`${each.name}: promtool accepts every rule`, needs("promtool"), (t) => {
      const file = join(temporaryDirectory(t), "rules.yaml");
      writeFileSync(file, prometheusRuleFile(alerts, each));
      const { status, stdout, stderr } = promtool("check", "rules", file);
      assert.equal(status, 0, stdout + stderr);
      const { groups } = read(prometheusRuleFile(alerts, each));
      const count = groups.flatMap(({ rules }) => rules).length;
      assert.match(stdout, new RegExp(`SUCCESS: ${count} rules found`));
      assert.ok(count >= alerts.length + recordingRules(each).length);
    });
  }

  it("Mimir's have a namespace and the very same groups", () => {
    const { namespace, groups } = read(mimirRuleFile(alerts, stack));
    assert.equal(namespace, `pantheros-${stack.name}`);
    assert.deepEqual(groups, read(prometheusRuleFile(alerts, stack)).groups);
  });

  it("are written as mimirtool reads them: it refuses keys that it does not know, and names that do not say what was recorded", () => {
    for (const each of stacks) {
      const { groups, ...file } = read(mimirRuleFile(alerts, each));
      assert.deepEqual(file, { namespace: `pantheros-${each.name}` });
      for (const { name, rules, ...more } of groups) {
        assert.deepEqual(more, "interval" in more ? { interval: "5m" } : {}, name);
        for (const rule of rules as readonly Readonly<Record<string, unknown>>[]) {
          const { alert, record, expr, for: lasting = "1m", labels = {}, annotations = {}, ...unknown } = rule;
          assert.deepEqual(unknown, {});
          assert.notEqual(alert === undefined, record === undefined);
          if (record !== undefined) assert.match(String(record), /^[a-z_]+:[a-z_]+:[a-z0-9_]+$/);
          assert.ok(typeof expr === "string" && /^\d+[smhd]$/.test(String(lasting)));
          for (const value of Object.values({ ...(labels as object), ...(annotations as object) }))
            assert.equal(typeof value, "string");
        }
      }
    }
  });

  it("have no group that Mimir would refuse, nor one whose rules move when an alert comes", () => {
    for (const each of stacks) {
      const { groups } = read(prometheusRuleFile(alerts, each));
      assert.equal(new Set(groups.map(({ name }) => name)).size, groups.length);
      for (const { name, rules } of groups)
        assert.ok(rules.length > 0 && rules.length <= mostRulesInGroup, `${name}: ${rules.length}`);
      const fewer = read(prometheusRuleFile(alerts.slice(1), each)).groups;
      const changed = groups.filter(({ name, rules }) => {
        const now = fewer.find((group) => group.name === name)?.rules;
        return JSON.stringify(now) !== JSON.stringify(rules);
      });
      assert.equal(changed.length, 1);
    }
  });

  it("of stacks that share the hosts between them tell nobody anything twice", needs("promtool"), (t) => {
    const directory = temporaryDirectory(t);
    const halves: readonly Stack[] = [
      { ...stack, name: "laptops", hosts: { only: ["q.1", "ursula"] } },
      { ...stack, name: "others", hosts: { except: ["q.1", "ursula"] } },
    ];
    const rule_files = halves.map((half) => {
      writeFileSync(join(directory, `${half.name}.yaml`), prometheusRuleFile(alerts, half));
      return `${half.name}.yaml`;
    });
    const names = ["q.1", "ursula", "web1", "qx1"];
    const world = (host: string) => [
      { series: `pantheros_build_info{host="${host}", version="1", node="24"}`, values: "1x100 _x60" },
      { series: `pantheros_job_last_outcome{host="${host}", job="home", outcome="failed"}`, values: "1x160" },
      {
        series: `pantheros_job_runs_total{host="${host}", job="home", outcome="failed", reason="none"}`,
        values: "0x50 1x110",
      },
      { series: `pantheros_objective_met{host="${host}", objective="data", promise="rpo"}`, values: "0x160" },
    ];
    const each = (labels: string) => names.map((host) => ({ labels: `{host="${host}"${labels}}`, value: 1 }));
    const stackOf = (host: string) => (["q.1", "ursula"].includes(host) ? "laptops" : "others");
    const test = {
      interval: "1m",
      input_series: names.flatMap(world),
      promql_expr_test: [
        {
          expr: 'count by (host) (ALERTS{pantheros_id="job-failed", alertstate="firing"})',
          exp_samples: each(""),
        },
        { expr: 'count by (host) (ALERTS{pantheros_id="host-silent", alertstate="firing"})', exp_samples: each("") },
        {
          expr: "count by (host, pantheros_stack) (host_objective:pantheros_objective_rpo:error_ratio_6h)",
          exp_samples: names.map((host) => ({
            labels: `{host="${host}", pantheros_stack="${stackOf(host)}"}`,
            value: 1,
          })),
        },
        {
          expr: "count by (host) (host_job:pantheros_job_runs:success_ratio_30d)",
          exp_samples: each(""),
        },
      ].map((asked) => ({ ...asked, eval_time: "150m" })),
    };
    const file = join(directory, "test.yaml");
    writeFileSync(file, JSON.stringify({ rule_files, evaluation_interval: "1m", tests: [test] }));
    const { status, stdout, stderr } = promtool("test", "rules", file);
    assert.equal(status, 0, stdout + stderr);
    for (const half of halves) assert.equal(promtool("check", "rules", join(directory, `${half.name}.yaml`)).status, 0);
  });

  it("link every alert to its own section of the runbooks, and only name it where nobody says where those are", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/alerts.md"), "utf8");
    for (const runbooks of [undefined, "https://wiki.example.org/alerts"]) {
      const rules = read(prometheusRuleFile(alerts, stack, { runbooks })).groups.flatMap((group) => group.rules);
      for (const { labels, annotations } of rules.filter(({ alert }) => alert !== undefined)) {
        const id = labels?.["pantheros_id"];
        assert.equal(annotations?.["runbook_url"], runbooks === undefined ? undefined : `${runbooks}#${id}`);
        const named = `the section ${id} of docs/alerts.md of pantheros`;
        assert.equal(annotations?.["runbook"], runbooks === undefined ? named : undefined);
        assert.match(page, new RegExp(`^## ${id}$`, "m"));
      }
    }
  });
});

it("recorded ratios are what they say", needs("promtool"), (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(
    join(directory, "rules.yaml"),
    JSON.stringify({ groups: [{ name: "ratios", rules: recordingRules(stack) }] }),
  );
  const month = 30 * 24;
  const runs = (job: string, outcome: string, values: string) => ({
    series: `pantheros_job_runs_total{host="web1", job="${job}", outcome="${outcome}", reason="none"}`,
    values,
  });
  const objective = `host="web1", objective="data"`;
  const test = {
    interval: "1h",
    input_series: [
      { series: `pantheros_build_info{host="web1", version="1", node="24"}`, values: `1x${2 * month}` },
      runs("home", "success", `0+3x${2 * month}`),
      runs("home", "failed", `0+1x${2 * month}`),
      runs("home", "skipped", `0+7x${2 * month}`),
      // Has never succeeded: its share is 0, not absent.
      runs("broken", "success", `0x${2 * month}`),
      runs("broken", "failed", `0+1x${2 * month}`),
      { series: `pantheros_objective_rpo_actual_seconds{${objective}}`, values: `7200x${2 * month}` },
      { series: `pantheros_objective_rpo_promised_seconds{${objective}}`, values: `3600x${2 * month}` },
      { series: `pantheros_objective_met{${objective}, promise="rpo"}`, values: `1x${month + 15 * 24} 0x${month}` },
    ],
    promql_expr_test: [
      ["host_job:pantheros_job_runs:success_ratio_30d", `host="web1", job="broken"`, 0],
      ["host_job:pantheros_job_runs:success_ratio_30d", `host="web1", job="home"`, 0.75],
      ["host_objective:pantheros_objective_rpo:ratio", objective, 2],
    ].map(([record, labels, value]) => ({
      expr: `round(${record}{${labels}}, 0.001)`,
      eval_time: `${2 * month - 1}h`,
      exp_samples: [{ labels: `{${labels}}`, value }],
    })),
  };
  const file = join(directory, "test.yaml");
  writeFileSync(file, JSON.stringify({ rule_files: ["rules.yaml"], evaluation_interval: "1h", tests: [test] }));
  const { status, stdout, stderr } = promtool("test", "rules", file);
  assert.equal(status, 0, stdout + stderr);
});
