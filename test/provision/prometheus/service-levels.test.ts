import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { stacks } from "../../../monitors/stacks.ts";
import { serviceLevelRules } from "../../../src/provision/prometheus/service-levels.ts";
import { needs, onPath } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const [stack] = stacks as readonly [(typeof stacks)[number]];
const length = 40 * 24;

interface World {
  /** Series → values, one an hour. */
  readonly series: Readonly<Record<string, string>>;
  /** Expression → its one value at an hour, null: none. */
  readonly says: readonly (readonly [hour: number, expr: string, value: number | null])[];
}

function assertSays(t: TestContext, { series, says }: World): void {
  const directory = temporaryDirectory(t);
  const rules = serviceLevelRules(stack).flatMap(({ recordings, alert }) => [...recordings, alert]);
  writeFileSync(join(directory, "rules.yaml"), JSON.stringify({ groups: [{ name: "levels", rules }] }));
  const test = {
    interval: "1h",
    input_series: [
      { series: 'pantheros_build_info{host="web1", version="1", node="24"}', values: `1x${length}` },
      ...Object.entries(series).map(([name, values]) => ({ series: name, values })),
    ],
    promql_expr_test: says.map(([hour, expr, value]) => ({
      expr: `round(sum(${expr}), 0.01)`,
      eval_time: `${hour}h`,
      exp_samples: value === null ? [] : [{ labels: "{}", value }],
    })),
  };
  const file = join(directory, "test.yaml");
  writeFileSync(file, JSON.stringify({ rule_files: ["rules.yaml"], evaluation_interval: "1h", tests: [test] }));
  const { status, stdout, stderr } = spawnSync(onPath("promtool") ?? "promtool", ["test", "rules", file], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0, stdout + stderr);
}

const runs = (outcome: string) =>
  `pantheros_job_runs_total{host="web1", job="home", outcome="${outcome}", reason="none"}`;
const met = 'pantheros_objective_met{host="web1", objective="data", promise="rpo"}';
const firing = (id: string) => `ALERTS{pantheros_id="${id}", severity="warning", alertstate="firing"}`;
const failed = "all:pantheros_job_runs:error_ratio";
const missed = "host_objective:pantheros_objective_rpo:error_ratio";

describe("service levels as rules", { ...needs("promtool"), timeout: 120_000 }, () => {
  it("a stack whose runs all succeed has its whole budget; what is skipped is no run", (t) => {
    assertSays(t, {
      series: {
        [runs("success")]: `0+1x${length}`,
        [runs("failed")]: `0x${length}`,
        [runs("skipped")]: `0+5x${length}`,
      },
      says: [
        [35 * 24, `${failed}_30d`, 0],
        [35 * 24, "all:pantheros_job_runs:error_budget_left_30d", 1],
        [35 * 24, firing("slo-backup-success"), null],
      ],
    });
  });

  it("warns while runs fail again and again, and is done a day after the last one", (t) => {
    // For two days every sixth run fails.
    const bad = 30 * 24;
    const values = `0x${bad} ${Array.from({ length: 8 }, (_, index) => `${index + 1}x5`).join(" ")} 8x${length}`;
    assertSays(t, {
      series: { [runs("success")]: `0+1x${length}`, [runs("failed")]: values },
      says: [
        [bad - 1, firing("slo-backup-success"), null],
        [bad + 24, firing("slo-backup-success"), 1],
        [bad + 47, firing("slo-backup-success"), 1],
        // 8 failures with 72 successes in three days.
        [bad + 48, `${failed}_3d`, 0.1],
        [bad + 48 + 26, `${failed}_1d`, 0],
        [bad + 48 + 26, firing("slo-backup-success"), null],
        [bad + 48 + 26, "all:pantheros_job_runs:error_budget_left_30d < 0.1", -0.1],
      ],
    });
  });

  it("says nothing of a single run that failed, however few there are", (t) => {
    const nightly = (from: number) => Array.from({ length: 30 }, (_, night) => `${from + night}x23`).join(" ");
    assertSays(t, {
      series: { [runs("success")]: nightly(1), [runs("failed")]: `0x${20 * 24} 1x${length}` },
      says: [[20 * 24 + 12, firing("slo-backup-success"), null]],
    });
  });

  it("warns of a recovery point that is missed for an hour of every day, until it was met for six hours", (t) => {
    const bad = 30 * 24;
    const values = `1x${bad} 0 1x22 0 1x22 0 1x${length}`;
    assertSays(t, {
      series: { [met]: values },
      says: [
        [bad - 1, firing("slo-recovery-point"), null],
        [bad + 50, firing("slo-recovery-point"), 1],
        [bad + 60, `${missed}_6h`, 0],
        [bad + 60, firing("slo-recovery-point"), null],
        [bad + 60, `${missed}_3d`, 0.04],
      ],
    });
  });

  it("say nothing where nothing is known", (t) => {
    assertSays(t, {
      series: {},
      says: [
        [100, `${failed}_3d`, null],
        [100, firing("slo-recovery-point"), null],
      ],
    });
  });

  it("have sections in docs/alerts.md, to which their alerts link", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/alerts.md"), "utf8");
    for (const { alert } of serviceLevelRules(stack, "https://wiki.example.org")) {
      const { annotations, labels } = alert;
      assert.equal(annotations["runbook_url"], `https://wiki.example.org#${labels["pantheros_id"]}`);
      assert.match(page, new RegExp(`^## ${labels["pantheros_id"]}$`, "m"));
    }
  });
});
