import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stacks } from "../../../monitors/stacks.ts";
import { highest, howManyAbove, increase, lowest, quotient } from "../../../src/model/alert/expression.ts";
import { count, days, half, hours, percent } from "../../../src/model/alert/measure.ts";
import type { Hosts } from "../../../src/model/alert/stack.ts";
import { type Dashboard, defineDashboard } from "../../../src/model/dashboard/dashboard.ts";
import {
  bars,
  column,
  line,
  single,
  states,
  table,
  text,
  timeseries,
  type Widget,
  yesNo,
} from "../../../src/model/dashboard/widget.ts";
import { grafanaDashboard, grafanaUid } from "../../../src/provision/grafana/dashboards.ts";

const [stack] = stacks as readonly [(typeof stacks)[number]];
const frame = { title: "x", tells: "y." };

/** A panel as the file has it. */
interface Panel {
  readonly type: string;
  readonly id: number;
  readonly title?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly interval?: string;
  readonly targets?: readonly { readonly expr: string; readonly instant: boolean; readonly legendFormat?: string }[];
  readonly transformations?: readonly { readonly id: string; readonly options: Readonly<Record<string, unknown>> }[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit?: string;
      readonly noValue?: string;
      readonly mappings?: unknown;
      readonly thresholds?: { readonly steps: unknown };
    };
    readonly overrides: readonly {
      readonly matcher: { readonly options: unknown };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

function page(...widgets: Widget[]): Dashboard {
  // What is chosen by must be had by some metric.
  const last = single({ title: "z", tells: "z.", value: highest("jobOverdue", { by: [] }) });
  const sections = () => [{ title: "All", widgets: [...widgets, last] }];
  return defineDashboard({ id: "p", title: "P", summary: "s", chosen: ["host", "job"], looksBack: days(7), sections });
}

function panels(...widgets: Widget[]): readonly Panel[] {
  const { panels: built = [] } = JSON.parse(JSON.stringify(grafanaDashboard(page(...widgets), stack)));
  return built.slice(1, 1 + widgets.length);
}

function panel(widget: Widget): Panel {
  const [only] = panels(widget);
  assert.ok(only);
  return only;
}

const steps = (widget: Widget) => panel(widget).fieldConfig.defaults.thresholds?.steps;
const runs = (by: "outcome"[]) => increase("jobRuns", { by, within: days(1) });

describe("a dashboard for Grafana", () => {
  it("is provisioned by its id, whatever data source it is given", () => {
    const built = grafanaDashboard(page(single({ ...frame, value: highest("jobOverdue", { by: [] }) })), stack);
    assert.equal(built.uid, "pantheros-hosts-p");
    assert.deepEqual(built.time, { from: "now-7d", to: "now" });
    const variables = built.templating?.list?.map(({ name, definition }) => [name, definition]);
    assert.deepEqual(variables, [
      ["datasource", undefined],
      ["host", "label_values(pantheros_build_info, host)"],
      ["job", 'label_values(pantheros_job_overdue_seconds{host=~"$host"}, job)'],
    ]);
  });

  it("offers the hosts of its stack alone, where it has some, and chooses all of these at first", () => {
    const widget = single({ ...frame, value: highest("jobOverdue", { by: [] }) });
    const hostOf = (hosts?: Hosts) => {
      const own = hosts === undefined ? stack : { ...stack, hosts };
      const found = grafanaDashboard(page(widget), own).templating?.list?.find(({ name }) => name === "host");
      return [found?.definition, found?.allValue];
    };
    assert.deepEqual(hostOf(), ["label_values(pantheros_build_info, host)", ".*"]);
    const some = ['label_values(pantheros_build_info{host=~"q|ursula"}, host)', undefined];
    assert.deepEqual(hostOf({ only: ["q", "ursula"] }), some);
    assert.deepEqual(hostOf({ except: ["q"] }), ['label_values(pantheros_build_info{host!="q"}, host)', undefined]);
  });

  it("has an id that Grafana takes, however long its stack is called", () => {
    const long = { ...stack, name: "a-stack-with-a-very-long-name" };
    const ids = ["host-overview", "host-overview-2"].map((id) => grafanaUid(id, long));
    for (const id of ids) assert.match(id, /^[a-z0-9-]{1,40}$/);
    assert.notEqual(ids[0], ids[1]);
  });

  it("stands where it was placed, each panel with an id of its own", () => {
    const value = highest("jobOverdue", { by: [] });
    const [first, second, third] = panels(
      single({ ...frame, value }),
      bars({ ...frame, value }),
      timeseries({ ...frame, width: 12, lines: [line(value)] }),
    );
    assert.deepEqual(first?.gridPos, { x: 0, y: 1, w: 4, h: 4 });
    assert.deepEqual(second?.gridPos, { x: 4, y: 1, w: 8, h: 8 });
    assert.deepEqual(third?.gridPos, { x: 0, y: 9, w: 24, h: 8 });
    assert.deepEqual([first?.id, second?.id, third?.id], [2, 3, 4]);
  });

  it("shows units: seconds, percent, bytes, USD, moments as how long ago", () => {
    const unit = (widget: Widget) => panel(widget).fieldConfig.defaults.unit;
    assert.equal(unit(single({ ...frame, value: highest("jobOverdue", { by: [] }) })), "s");
    assert.equal(unit(single({ ...frame, value: highest("diskUsage", { by: [] }) })), "percentunit");
    assert.equal(unit(single({ ...frame, value: highest("backupSize", { by: [] }) })), "bytes");
    assert.equal(unit(single({ ...frame, value: highest("bucketCost", { by: [] }) })), "currencyUSD");
    const moment = panel(single({ ...frame, value: highest("jobLastStart", { by: [] }) }));
    assert.equal(moment.fieldConfig.defaults.unit, "dateTimeFromNow");
    assert.match(moment.targets?.[0]?.expr ?? "", / \* 1000$/);
  });

  it("colours what is beyond a level, not what has reached it", () => {
    const age = highest("jobOverdue", { by: [] });
    assert.deepEqual(
      steps(single({ ...frame, value: age, judged: { above: { warning: hours(1), critical: hours(2) } } })),
      [
        { value: null, color: "green" },
        { value: 3600, color: "yellow" },
        { value: 7200, color: "red" },
      ],
    );
    const failures = howManyAbove(age, hours(0));
    assert.deepEqual(steps(single({ ...frame, value: failures, judged: { above: { critical: count(0) } } })), [
      { value: null, color: "green" },
      { value: 1, color: "red" },
    ]);
    const overdue = { ...frame, value: age, judged: { above: { critical: hours(0) } } } as const;
    assert.deepEqual(steps(single(overdue)), [
      { value: null, color: "green" },
      { value: 1e-9, color: "red" },
    ]);
    const proven = lowest("jobProven", { by: [] });
    assert.deepEqual(steps(single({ ...frame, value: proven, judged: { below: { critical: half } } })), [
      { value: null, color: "red" },
      { value: 0.5, color: "green" },
    ]);
    const covered = lowest("checkCoverage", { by: [] });
    const both = { below: { warning: percent(99), critical: percent(90) } } as const;
    assert.deepEqual(steps(single({ ...frame, value: covered, judged: both })), [
      { value: null, color: "red" },
      { value: 0.9, color: "yellow" },
      { value: 0.99, color: "green" },
    ]);
  });

  it("says none where nothing was counted, and nothing where nothing is known", () => {
    const noValue = (widget: Widget) => panel(widget).fieldConfig.defaults.noValue;
    assert.equal(noValue(single({ ...frame, value: increase("jobLost", { by: [], within: days(7) }) })), "none");
    assert.equal(noValue(single({ ...frame, value: highest("jobOverdue", { by: [] }) })), undefined);
  });

  it("draws a bar for each stretch of time, none counted twice", () => {
    const drawn = panel(timeseries({ ...frame, drawn: "bars", lines: [line(runs(["outcome"]), "runs")] }));
    assert.equal(drawn.interval, "1d");
    assert.equal(drawn.targets?.[0]?.legendFormat, "runs {{outcome}}");
    assert.equal(drawn.targets?.[0]?.instant, false);
  });

  it("makes one row of a table of all values of a group, and leads from it", () => {
    const by = ["host", "job"] as const;
    const built = panel(
      table({
        ...frame,
        opens: "job-detail",
        columns: [
          column("Overdue", highest("jobOverdue", { by }), { above: { critical: hours(0) } }),
          column("Running", highest("jobRunning", { by })),
        ],
      }),
    );
    assert.deepEqual(
      built.transformations?.map(({ id }) => id),
      ["merge", "organize"],
    );
    assert.deepEqual(built.transformations?.[1]?.options["renameByName"], {
      "Value #A": "Overdue",
      "Value #B": "Running",
    });
    assert.deepEqual(built.options["sortBy"], [{ displayName: "Overdue", desc: true }]);
    const property = (name: string, id: string) =>
      built.fieldConfig.overrides
        .find(({ matcher }) => matcher.options === name)
        ?.properties.find((one) => one.id === id)?.value;
    assert.equal(property("Overdue", "unit"), "s");
    assert.ok(property("Running", "mappings"));
    const [link] = property("job", "links") as { url: string }[];
    assert.match(link?.url ?? "", /^\/d\/pantheros-hosts-job-detail\?.*&var-host=\$\{__data\.fields\["host"\]:/);
  });

  it("draws which of several states holds", () => {
    const outcome = panel(
      states({
        ...frame,
        metric: "jobOutcome",
        label: "outcome",
        by: ["host", "job"],
        states: { success: "good", failed: "bad" },
      }),
    );
    assert.equal(
      outcome.targets?.[0]?.expr,
      `max by (host, job) (
  pantheros_job_last_outcome{host=~"$host", job=~"$job", outcome="success"} * 1
  or pantheros_job_last_outcome{host=~"$host", job=~"$job", outcome="failed"} * 2
)`,
    );
    assert.deepEqual(outcome.fieldConfig.defaults.mappings, [
      {
        type: "value",
        options: {
          "1": { text: "success", color: "green", index: 0 },
          "2": { text: "failed", color: "red", index: 1 },
        },
      },
    ]);
    const readOnly = panel(yesNo({ ...frame, metric: "btrfsReadOnly", by: ["device"], yes: "bad", no: "good" }));
    assert.equal(readOnly.targets?.[0]?.expr, 'min by (device) (pantheros_btrfs_read_only{host=~"$host"})');
    assert.deepEqual(readOnly.fieldConfig.defaults.mappings, [
      {
        type: "value",
        options: { "0": { text: "no", color: "green", index: 0 }, "1": { text: "yes", color: "red", index: 1 } },
      },
    ]);
  });

  it("has texts, and multiples of one another", () => {
    assert.equal(panel(text("# Read me")).options["content"], "# Read me");
    const rpo = quotient(highest("objectiveRpoActual", { by: [] }), lowest("objectiveRpoPromised", { by: [] }));
    assert.equal(panel(single({ ...frame, value: rpo })).fieldConfig.defaults.unit, "percentunit");
  });
});
