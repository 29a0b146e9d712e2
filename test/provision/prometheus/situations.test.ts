import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { alerts } from "../../../monitors/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import { collectors } from "../../../src/collectors/index.ts";
import { configuration } from "../../../src/config/schema.ts";
import { declareInventory } from "../../../src/engine/declare.ts";
import { readState } from "../../../src/engine/state.ts";
import { openLedger } from "../../../src/ledger/sqlite.ts";
import { renderPrometheus } from "../../../src/outputs/prometheus.ts";
import { prometheusRuleFile } from "../../../src/provision/prometheus/rule-files.ts";
import { needs, onPath } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";

interface Situation {
  /** Series → its values, as `promtool test rules` takes them. */
  readonly series: Readonly<Record<string, string>>;
  /** Minutes between two values, and between two looks at the rules. */
  readonly every: number;
  /** Minute → the alerts that fire then, all of them. */
  readonly firing: Readonly<Record<number, readonly string[]>>;
}

/** Everything that the rules of the files say in a situation, not one alert by itself. */
function assertFiring(t: TestContext, { series, every, firing }: Situation, files = [0]): void {
  const directory = temporaryDirectory(t);
  const rule_files = files.map((index) => {
    const stack = stacks[index] ?? assert.fail();
    writeFileSync(join(directory, `${stack.name}.yaml`), prometheusRuleFile(alerts, stack));
    return `${stack.name}.yaml`;
  });
  const test = {
    interval: `${every}m`,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: Object.entries(firing).map(([minute, names]) => ({
      expr: 'group by (pantheros_id) (ALERTS{alertstate="firing"})',
      eval_time: `${minute}m`,
      exp_samples: names.map((id) => ({ labels: `{pantheros_id="${id}"}`, value: 1 })),
    })),
  };
  const file = join(directory, "test.yaml");
  writeFileSync(file, JSON.stringify({ rule_files, evaluation_interval: `${every}m`, tests: [test] }));
  const { status, stdout, stderr } = spawnSync(onPath("promtool") ?? "promtool", ["test", "rules", file], {
    encoding: "utf8",
    timeout: 120_000,
  });
  assert.equal(status, 0, stdout + stderr);
}

const day = 1440;
const alive = `pantheros_build_info{host="web1", version="1", node="24"}`;
const failed = `pantheros_job_last_outcome{host="web1", job="home", outcome="failed"}`;
const successAge = (rhythm: string) => `pantheros_job_success_age_seconds{host="web1", job="home", rhythm="${rhythm}"}`;
const snapshotAge = `pantheros_snapshot_age_seconds{host="web1", subvol="home"}`;
/** An age that grows, all in minutes. */
const growing = (from: number, length: number, every = 1) => `${from * 60}+${every * 60}x${length / every - 1}`;

describe("what is told of a host", { ...needs("promtool"), timeout: 300_000 }, () => {
  it("nothing in the first day of its installation, and what is missing once the first night has brought nothing", async (t) => {
    const config = configuration.parse({
      host: "web1",
      timezone: "UTC",
      retention: { usual: { daily: 7, weekly: 4 } },
      subvolumes: { home: { path: "/home", snapshots: "/.snapshots", retention: "usual" } },
      repositories: { vault: { repository: "/vault", password: { file: "/p" }, retention: "usual" } },
      objectives: { data: { jobs: ["home"], rpo: "26h", rto: "1h", copies: 2 } },
      jobs: {
        home: {
          schedule: "0 3 * * *",
          steps: [
            { uses: "snapshot.btrfs", subvolume: "home" },
            { uses: "backup.restic", repository: "vault" },
          ],
        },
      },
    });
    const ledger = openLedger(":memory:", { mode: "write" });
    t.after(() => ledger.close());
    const installedAt = Date.UTC(2026, 2, 10, 4) / 1000;
    declareInventory(ledger, config, installedAt * 1000);
    const every = 30;
    const looks = Array.from({ length: 78 }, (_, index) => installedAt + index * every * 60);
    const values = new Map<string, string[]>();
    for (const [index, now] of looks.entries()) {
      const page = await renderPrometheus(readState(config, ledger, collectors, now), "text", now);
      for (const [, name = "", value = ""] of page.matchAll(/^(pantheros_\S+) (\S+)$/gm)) {
        if (!values.has(name))
          values.set(
            name,
            looks.map(() => "_"),
          );
        values.get(name)?.splice(index, 1, value);
      }
    }
    const series = Object.fromEntries([...values].map(([name, own]) => [name, own.join(" ")]));
    assert.ok(Object.keys(series).some((name) => name.startsWith("pantheros_job_success_age_seconds")));
    const missing = ["copies-missing", "job-overdue", "recovery-point-missed", "slo-recovery-point"];
    assertFiring(t, {
      series,
      every,
      firing: {
        0: [],
        60: [],
        600: [],
        1350: [],
        [29 * 60]: missing,
        [38 * 60]: ["failing-repeatedly", "no-success", ...missing],
      },
    });
  });

  it("nothing of snapshots that are made once a day and seen a little later, also when summer time ends", (t) => {
    const [every, nights] = [15, [day, day + 60, day]];
    const ages = nights.map((length) => growing(15, length, every)).join(" ");
    const mornings = [day, 2 * day + 60, 3 * day + 60].flatMap((minute) => [minute - 15, minute, minute + 30]);
    assertFiring(t, {
      every,
      series: { [alive]: "1x400", [snapshotAge]: ages },
      firing: Object.fromEntries(mornings.map((minute) => [minute, []])),
    });
  });

  it("that snapshots are old, where none is made any more", (t) => {
    assertFiring(t, {
      every: 15,
      series: { [alive]: "1x400", [snapshotAge]: growing(15, 2 * day, 15) },
      firing: { [day]: [], [day + 150]: ["snapshot-age"] },
    });
  });

  it("nothing of a laptop that slept for a week, nor when it wakes up and catches up", (t) => {
    const every = 5;
    const [before, slept, after] = [60, 7 * day, 180].map((minutes) => minutes / every) as [number, number, number];
    const own = (values: string, later: string) => `${values} stale _x${slept - 1} ${later}`;
    const steady = (value: number) => own(`${value}x${before - 1}`, `${value}x${after}`);
    const caughtUp = (minutes: number) =>
      own(growing(minutes, 60, every), `${growing(minutes + 7 * day, 20, every)} ${growing(0, 180, every)}`);
    const woken = 60 + 7 * day;
    assertFiring(t, {
      every,
      series: {
        [alive]: steady(1),
        [successAge("awake")]: caughtUp(600),
        [snapshotAge]: caughtUp(600),
        // It counts only the time awake.
        [`pantheros_job_overdue_seconds{host="web1", job="home"}`]: steady(0),
        [`pantheros_collector_overdue_seconds{host="web1", collector="disk"}`]: own(
          `0x${before - 1}`,
          `${growing(7 * day, 10, every)} 0x${after}`,
        ),
      },
      firing: Object.fromEntries([50, 120, 3 * day, woken + 15, woken + 150].map((minute) => [minute, []])),
    });
  });

  it("what has failed for as long as it is so, also while pantheros is started anew", (t) => {
    assertFiring(t, {
      every: 1,
      series: { [alive]: "1x9 stale _x5 1x20", [failed]: "1x9 stale _x5 1x10 0x10" },
      firing: { 5: ["job-failed"], 12: ["job-failed"], 20: ["job-failed"], 30: [] },
    });
  });

  it("that it is silent, when pantheros is stopped: what was wrong before is not known any more", (t) => {
    assertFiring(t, {
      every: 1,
      series: { [alive]: "1x9 stale", [failed]: "1x9 stale" },
      firing: { 5: ["job-failed"], 15: ["job-failed"], 25: [], 45: ["host-silent"] },
    });
  });

  it("nothing of a job that was taken out of the configuration", (t) => {
    assertFiring(t, {
      every: 1,
      series: { [alive]: "1x60", [failed]: "1x20 stale", [successAge("daily")]: `${growing(37 * 60, 21)} stale` },
      firing: { 20: ["failing-repeatedly", "job-failed", "no-success"], 35: [] },
    });
  });

  it("once, as early as the stricter of them says, where both stacks are loaded: their alerts have the same labels", (t) => {
    const series = { [alive]: "1x9", [failed]: "1x9", [successAge("daily")]: growing(37 * 60, 10) };
    assertFiring(t, { every: 1, series, firing: { 5: ["failing-repeatedly", "job-failed", "no-success"] } }, [0, 1]);
    assertFiring(t, { every: 1, series, firing: { 5: ["job-failed"] } }, [1]);
  });
});
