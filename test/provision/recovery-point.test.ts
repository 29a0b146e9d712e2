import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { stacks } from "../../monitors/stacks.ts";
import { objectives } from "../../src/collectors/objectives.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { recoveryPoint } from "../../src/model/alert/service-level.ts";
import { metrics } from "../../src/model/metrics.ts";
import type { Sample } from "../../src/model/samples/sample.ts";
import { sloResources } from "../../src/provision/datadog/slo-resources.ts";
import { serviceLevelRules } from "../../src/provision/prometheus/service-levels.ts";
import { configOf, day, emptyLedger, hour, noon, record } from "../collectors/ledger.ts";
import { needs, onPath } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";

const [stack] = stacks as readonly [(typeof stacks)[number]];
const config = configOf({
  jobs: { save: { steps: [{ uses: "backup.restic" }] } },
  objectives: { data: { jobs: ["save"], rpo: "24h" } },
});

/** Whether the time in which these samples stand is good for the SLO of Datadog; null: it does not count. */
function inDatadog(samples: readonly Sample[]): boolean | null {
  const { body } = sloResources(stack).find(({ id }) => id === recoveryPoint.id) ?? assert.fail();
  const { time_slice: slice } = body["sli_specification"] as {
    time_slice: {
      comparator: string;
      threshold: number;
      query: { formulas: { formula: string }[]; queries: { name: string; query: string }[] };
    };
  };
  const [{ name, query }] = slice.query.queries as [{ name: string; query: string }];
  assert.deepEqual([slice.query.formulas, slice.query.queries.length], [[{ formula: name }], 1]);
  const [, metric, label, wanted] =
    /^min:([\w.]+)\{(\w+):(\w+)\} by \{host,objective\}$/.exec(query) ?? assert.fail(query);
  const values = samples
    .filter(
      (sample) =>
        metrics[sample.metric].datadog === metric && new Map(Object.entries(sample.labels)).get(label ?? "") === wanted,
    )
    .map(({ value }) => value ?? assert.fail());
  assert.equal(slice.comparator, ">=");
  return values.length === 0 ? null : Math.min(...values) >= slice.threshold;
}

/** The same as the rules of Prometheus record it, after a day of these samples. */
function inPrometheus(samples: readonly Sample[], t: TestContext): boolean | null {
  const { recordings } = serviceLevelRules(stack).find(({ level }) => level === recoveryPoint) ?? assert.fail();
  const [{ record: name } = assert.fail()] = recordings;
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "rules.yaml"), JSON.stringify({ groups: [{ name: "levels", rules: recordings }] }));
  const series = samples.map(({ metric, labels, value, since }) => {
    const own = Object.entries({ host: "web1", ...labels }).map(([label, given]) => `${label}="${given}"`);
    return { series: `${metrics[metric].prometheus}{${own.join(", ")}}`, values: `${value ?? since}x30` };
  });
  const says = (value: number | null) => {
    const file = join(directory, "test.yaml");
    const asked = {
      expr: `sum(${name})`,
      eval_time: "24h",
      exp_samples: value === null ? [] : [{ labels: "{}", value }],
    };
    const test = { interval: "1h", input_series: series, promql_expr_test: [asked] };
    writeFileSync(file, JSON.stringify({ rule_files: ["rules.yaml"], evaluation_interval: "1h", tests: [test] }));
    return spawnSync(onPath("promtool") ?? "promtool", ["test", "rules", file], { timeout: 60_000 }).status === 0;
  };
  const said = [0, 1, null].filter(says);
  assert.equal(said.length, 1);
  return said[0] === null ? null : said[0] === 0;
}

describe("the service level of the recovery point", { ...needs("promtool"), timeout: 120_000 }, () => {
  const cases: readonly (readonly [what: string, set: (ledger: Ledger) => void, isGood: boolean | null])[] = [
    ["saved in time", (ledger) => record(ledger, noon - hour, { job: "save" }), true],
    ["saved too long ago", (ledger) => record(ledger, noon - 3 * day, { job: "save" }), false],
    [
      "never saved, for longer than promised",
      (ledger) => ledger.declare("job", ["save"], (noon - 2 * day) * 1000),
      false,
    ],
    ["declared a moment ago, and not saved yet", (ledger) => ledger.declare("job", ["save"], noon * 1000), null],
  ];
  for (const [what, set, isGood] of cases)
    it(`is the same in Prometheus and Datadog for what was ${what}`, (t) => {
      const ledger = emptyLedger();
      set(ledger);
      const samples = objectives
        .collect({ config, ledger, now: noon })
        .filter(({ metric }) => metric.startsWith("objective"));
      assert.deepEqual([inDatadog(samples), inPrometheus(samples, t)], [isGood, isGood]);
    });
});
