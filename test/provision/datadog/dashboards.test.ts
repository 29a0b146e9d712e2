import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { dashboards } from "../../../dashboards/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import { type Expression, highest, increase, lowest, quotient, share } from "../../../src/model/alert/expression.ts";
import { count, days, hours, percent } from "../../../src/model/alert/measure.ts";
import type { Stack } from "../../../src/model/alert/stack.ts";
import { defineDashboard } from "../../../src/model/dashboard/dashboard.ts";
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
import { dashboardIdentity, dashboardResources, datadogDashboard } from "../../../src/provision/datadog/dashboards.ts";
import type { Body } from "../../../src/provision/resource.ts";
import { hasRecordings, hold, recordings } from "../fake-datadog/shape.ts";

const [stack] = stacks as readonly [(typeof stacks)[number]];
const frame = { title: "x", tells: "y." };
const described = { skip: hasRecordings ? false : "missing here: ../shared/datadog/openapi-v1.yaml" };

/** Any JSON, for tests that know what they look for. */
// biome-ignore lint/suspicious/noExplicitAny: a path into it that is wrong fails the test
type Found = any;

function definition(widget: Widget): Found {
  const sections = () => [{ title: "All", widgets: [widget] }];
  const page = defineDashboard({ id: "p", title: "P", summary: "s", chosen: ["host"], looksBack: days(7), sections });
  const body: Found = datadogDashboard(page, stack);
  return body.widgets[0].definition.widgets[0].definition;
}

describe("a dashboard for Datadog", () => {
  it("says in the last line of its description whose it is", () => {
    for (const dashboard of dashboards) {
      const body = datadogDashboard(dashboard, stack);
      const lines = String(body["description"]).split("\n");
      assert.equal(lines.at(-1), `managed_by:pantheros pantheros_stack:hosts pantheros_id:${dashboard.id}`);
      assert.equal(lines[0], dashboard.summary);
      assert.deepEqual(dashboardIdentity.read(body), { stack: "hosts", id: dashboard.id, applied: null });
    }
  });

  it("exists after those that its rows lead to", () => {
    const resources = dashboardResources(dashboards, stack);
    const needs = Object.fromEntries(resources.map(({ id, needs }) => [id, needs]));
    assert.deepEqual(needs["host-overview"], ["job-detail", "objectives"]);
    assert.deepEqual(needs["job-detail"], []);
    for (const { id, body, needs } of resources) {
      const named = [...JSON.stringify(body).matchAll(/\/dashboard\/\{\{([a-z-]+)\}\}/g)].map(([, other]) => other);
      assert.deepEqual([...new Set(named)], needs, id);
    }
  });

  it("places groups below one another, each as high as what is in it", () => {
    for (const dashboard of dashboards) {
      const body: Found = datadogDashboard(dashboard, stack);
      let y = 0;
      for (const { definition, layout } of body.widgets) {
        assert.deepEqual([layout.x, layout.y, layout.width], [0, y, 12]);
        const bottoms = definition.widgets.map((inside: Found) => inside.layout.y + inside.layout.height);
        assert.equal(layout.height, Math.max(...bottoms) + 1);
        y += layout.height;
      }
    }
  });

  it("asks for what its reader chooses, and shows the unit that Datadog has", () => {
    const shown = definition(single({ ...frame, value: highest("snapshotAge", { by: [] }) }));
    const [request] = shown.requests;
    assert.deepEqual(request.queries, [
      { name: "query1", data_source: "metrics", query: "max:pantheros.snapshot.age{$host}", aggregator: "last" },
    ]);
    assert.deepEqual(request.formulas, [
      { formula: "query1", number_format: { unit: { type: "canonical_unit", unit_name: "hour" } } },
    ]);
  });

  it("shows ratios as percent, whether or not Datadog has them so already", () => {
    const formula = (value: Expression<"ratio", never>) => {
      const shown = definition(timeseries({ ...frame, lines: [line(value)] }));
      return shown.requests[0].formulas[0].formula;
    };
    assert.equal(formula(highest("diskUsage", { by: [] })), "query1");
    assert.equal(formula(highest("checkCoverage", { by: [] })), "query1 * 100");
    const rpo = quotient(highest("objectiveRpoActual", { by: [] }), lowest("objectiveRpoPromised", { by: [] }));
    assert.equal(formula(rpo), "(query1 / query2) * 100");
  });

  it("judges in the unit that it shows, the worst first", () => {
    const judged = { above: { warning: percent(80), critical: percent(90) } } as const;
    const formats = (widget: Widget) => definition(widget).requests[0].formulas[0].conditional_formats;
    const expected = [
      { comparator: ">", value: 90, palette: "white_on_red" },
      { comparator: ">", value: 80, palette: "white_on_yellow" },
      { comparator: "<=", value: 80, palette: "white_on_green" },
    ];
    assert.deepEqual(formats(single({ ...frame, value: highest("diskUsage", { by: [] }), judged })), expected);
    assert.deepEqual(
      formats(single({ ...frame, value: highest("objectiveBudgetUsed", { by: [] }), judged })),
      expected,
    );
    const age = { ...frame, value: highest("snapshotAge", { by: ["subvol"] }) } as const;
    assert.deepEqual(formats(bars({ ...age, judged: { above: { critical: hours(24) } } }))[0].value, 24);
    const graph = definition(
      timeseries({ ...frame, lines: [line(age.value)], judged: { above: { warning: hours(24) } } }),
    );
    assert.deepEqual(graph.markers, [{ value: "y = 24", display_type: "warning dashed" }]);
  });

  it("counts over the time that it says, whatever its reader looks at; nothing counted is none", () => {
    const lost = definition(single({ ...frame, value: increase("jobLost", { by: [], within: days(30) }) }));
    assert.deepEqual(lost.time, { live_span: "1mo" });
    assert.equal(lost.requests[0].formulas[0].formula, "default_zero(query1)");
    assert.equal(lost.requests[0].queries[0].aggregator, "sum");
    const of = { outcome: ["success"] } as const;
    const success = definition(single({ ...frame, value: share("jobRuns", { by: [], within: days(7), of }) }));
    assert.deepEqual(success.time, { live_span: "1w" });
    assert.equal(success.requests[0].formulas[0].formula, "(default_zero(query1) / query2) * 100");
    const daily = line(increase("jobRuns", { by: ["reason"], within: days(1) }));
    const graph = definition(timeseries({ ...frame, drawn: "bars", lines: [daily] }));
    assert.equal(graph.time, undefined);
    assert.equal(
      graph.requests[0].queries[0].query,
      "sum:pantheros.job.runs{$host} by {reason}.as_count().rollup(sum, 86400)",
    );
  });

  it("refuses a time that Datadog does not have", () => {
    const odd = increase("jobLost", { by: [], within: days(11) });
    assert.throws(() => definition(single({ ...frame, value: odd })), /within 950400 seconds/);
  });

  it("has a table's columns in one request, without moments, sorted by the first", () => {
    const by = ["host", "job"] as const;
    const shown = definition(
      table({
        ...frame,
        first: "least",
        opens: "job-detail",
        columns: [
          column("Overdue", highest("jobOverdue", { by }), { above: { critical: hours(0) } }),
          column("Last start", highest("jobLastStart", { by })),
          column("In a row", highest("jobConsecutiveFailures", { by }), { above: { warning: count(0) } }),
        ],
      }),
    );
    const [request] = shown.requests;
    assert.deepEqual(
      request.formulas.map(({ alias, formula }: Found) => [alias, formula]),
      [
        ["Overdue", "query1"],
        ["In a row", "query2"],
      ],
    );
    assert.deepEqual(request.sort, { count: 50, order_by: [{ type: "formula", index: 0, order: "asc" }] });
    assert.equal(
      shown.custom_links[0].link,
      "/dashboard/{{job-detail}}?tpl_var_host={{host.value}}&tpl_var_job={{job.value}}",
    );
  });

  it("shows how many are in each state, since it draws no states of metrics: the worst first, each in its colour", () => {
    const outcome = states({
      ...frame,
      metric: "jobOutcome",
      label: "outcome",
      by: ["job"],
      states: { never: "idle", success: "good", failed: "bad" },
    });
    const [request] = definition(outcome).requests;
    assert.deepEqual(
      request.formulas.map(({ formula, alias, style }: Found) => [formula, alias, style.palette]),
      [
        ["query1", "failed", "red"],
        ["query2", "success", "green"],
        ["query3", "never", "gray"],
      ],
    );
    assert.equal(request.queries[0].query, "sum:pantheros.job.last_outcome{$host AND outcome:failed}");
    assert.equal(request.display_type, "bars");
  });

  it("draws of yes and no what is wrong, by its name, and says so", () => {
    const success = definition(yesNo({ ...frame, metric: "collectorSuccess", by: ["collector"] }));
    assert.equal(success.requests[0].queries[0].query, "min:pantheros.collector.success{$host} by {collector}");
    assert.equal(success.requests[0].formulas[0].formula, "1 - query1");
    assert.match(success.description, /^y\. A bar is one that is not so: none is good\.$/);
    const broken = yesNo({ ...frame, metric: "btrfsReadOnly", by: ["device"], yes: "bad", no: "good" });
    const { requests, description } = definition(broken);
    assert.equal(requests[0].queries[0].query, "max:pantheros.btrfs.read_only{$host} by {device}");
    assert.equal(requests[0].formulas[0].formula, "query1");
    assert.match(description, /A bar is one that is so: none is good\./);
  });

  it("shows text as it is", () => assert.equal(definition(text("# Read")).content, "# Read"));

  it("begins with the hosts of its stack, where it names them", () => {
    const [page] = dashboards as readonly [(typeof dashboards)[number]];
    const host = (hosts?: Stack["hosts"]) =>
      (
        datadogDashboard(page, { ...stack, ...(hosts === undefined ? {} : { hosts }) })["template_variables"] as Found
      )[0];
    assert.deepEqual(host(), { name: "host", prefix: "host", defaults: ["*"], available_values: [] });
    const own = ["web1", "db1"];
    assert.deepEqual(host({ only: own }), { name: "host", prefix: "host", defaults: own, available_values: own });
    assert.deepEqual(host({ except: own }).defaults, ["*"]);
  });

  it("shows yes and no without decimals", () => {
    assert.equal(definition(single({ ...frame, value: highest("jobRunning", { by: [] }) })).precision, 0);
  });
});

describe("the dashboards against Datadog's own description", described, () => {
  const all = dashboards.flatMap((dashboard) =>
    stacks.map((each) => [dashboard.id, datadogDashboard(dashboard, each)] as const),
  );

  it("are allowed", () => {
    for (const [id, body] of all) hold("Dashboard", body, id);
    assert.throws(() => hold("Dashboard", { ...all[0]?.[1], layout_type: "loose" }, "x"));
  });

  it("hold no field that is not described: one that is misspelt would do nothing", () => {
    const schemas = readSchemas();
    for (const [id, body] of all)
      assert.deepEqual(unknownIn(body, { $ref: "#/components/schemas/Dashboard" }, schemas), [], id);
    const misspelt = { title: "x", layout_type: "ordered", widgets: [], reflow: "auto" };
    assert.deepEqual(unknownIn(misspelt, { $ref: "#/components/schemas/Dashboard" }, schemas), [".reflow"]);
  });
});

interface Schema {
  readonly $ref?: string;
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly enum?: readonly unknown[];
}

function readSchemas(): Readonly<Record<string, Schema>> {
  return parse(readFileSync(join(recordings, "openapi-v1.yaml"), "utf8")).components.schemas;
}

/** Paths of fields that the description does not have; of several forms that of the same `type` counts. */
function unknownIn(
  value: unknown,
  schema: Schema,
  all: Readonly<Record<string, Schema>>,
  path = "",
): readonly string[] {
  const name = schema.$ref?.split("/").at(-1);
  if (name !== undefined) return unknownIn(value, all[name] ?? {}, all, path);
  if (schema.oneOf) {
    const tries = schema.oneOf
      .filter((form) => fits(value, form, all))
      .map((form) => unknownIn(value, form, all, path));
    return tries.toSorted((a, b) => a.length - b.length)[0] ?? [`${path}: no form of it`];
  }
  if (Array.isArray(value))
    return value.flatMap((item, index) => unknownIn(item, schema.items ?? {}, all, `${path}[${index}]`));
  if (typeof value !== "object" || value === null || schema.properties === undefined) return [];
  return Object.entries(value as Body).flatMap(([key, inside]) => {
    const property = schema.properties?.[key];
    return property === undefined ? [`${path}.${key}`] : unknownIn(inside, property, all, `${path}.${key}`);
  });
}

function fits(value: unknown, form: Schema, all: Readonly<Record<string, Schema>>): boolean {
  const resolved = all[form.$ref?.split("/").at(-1) ?? ""] ?? form;
  const kind = resolved.properties?.["type"];
  const allowed = all[kind?.$ref?.split("/").at(-1) ?? ""]?.enum ?? kind?.enum;
  const type = typeof value === "object" && value !== null ? (value as Body)["type"] : undefined;
  return allowed === undefined || type === undefined || allowed.includes(type);
}
