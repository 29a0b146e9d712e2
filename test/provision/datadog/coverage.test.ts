import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import {
  type Coverage,
  monitorCoverage,
  optionCoverage,
  sloCoverage,
  widgetCoverage,
} from "../../../setup/datadog-coverage.ts";
import { monitorProblems } from "../../../src/provision/datadog/monitor-rules.ts";
import { importableMonitor } from "../../../src/provision/import/monitor.ts";
import type { Body } from "../../../src/provision/resource.ts";
import { serialise } from "../../../src/provision/targets/datadog.ts";
import { hasRecordings, recordings } from "../fake-datadog/shape.ts";
import { monitor } from "../stage.ts";

const described = { skip: hasRecordings ? false : "missing here: ../shared/datadog/openapi-v1.yaml" };
const names = (coverage: ReadonlyMap<string, Coverage>, how?: Coverage) =>
  [...coverage].filter(([, own]) => how === undefined || own === how).map(([name]) => name);

/** A query of each kind, as https://docs.datadoghq.com/api/latest/monitors/ writes them. */
const queries: Readonly<Record<string, string>> = {
  "metric alert": "avg(last_5m):avg:system.load.5{*} > 2",
  composite: "12345 && 67890",
  "cost alert": 'formula("query1").last("7d").anomaly(direction="above", threshold=10) >= 2',
  "data-jobs alert": 'formula("failed_runs(run_query)").by(job_name,workspace_name).last(10d) > 2',
  "data-quality alert": 'formula("query1").last("5m") > 2',
  "event alert": "events('sources:nagios status:error').rollup('count').last('1h') > 2",
  "process alert": "processes('java').over('env:prod').rollup('count').last('5m') > 2",
  "service check": '"ntp.in_sync".over("*").by("host").last(6).count_by_status()',
  "slo alert": 'error_budget("slo_id").over("7d") > 2',
  "synthetics alert": "no_query",
};
const usual = (type: string) => `${type.replace(" alert", "")}("*").rollup("count").last("5m") > 2`;

describe("what is said to be covered", () => {
  it("is imported as data: the rules have nothing against it, and the client knows it", async () => {
    for (const type of names(monitorCoverage, "imported")) {
      const query = queries[type] ?? usual(type);
      const options: Body = type === "composite" ? {} : { thresholds: { critical: 2 } };
      const resource = monitor("x", { type, query, message: "{{value}}", options });
      assert.deepEqual(monitorProblems(resource, []), [], type);
      assert.deepEqual(JSON.parse(await serialise("monitor", resource.body)), resource.body, type);
    }
  });

  it("is an option that is imported, left, or refused by its name", () => {
    const having = (option: string) =>
      importableMonitor.restOf({ ...monitor("x").body, options: { thresholds: { critical: 2 }, [option]: { a: 1 } } });
    for (const option of names(optionCoverage, "refused"))
      assert.deepEqual(having(option), { left: [], lost: [`options.${option}`] });
    for (const option of names(optionCoverage, "left"))
      assert.match(having(option).left.join(), new RegExp(`^options\\.${option} `));
    for (const option of names(optionCoverage, "imported"))
      assert.deepEqual(having(option), { left: [], lost: [] }, option);
  });

  it("is refused when it is none of that", async () => {
    await assert.rejects(serialise("monitor", monitor("x", { type: "weather alert" }).body), /does not know type/);
    const page = { title: "x", layout_type: "ordered", widgets: [{ definition: { type: "weather" } }] };
    await assert.rejects(serialise("dashboard", page), /does not know widgets/);
  });

  it("is everything that Datadog's API describes, and nothing else", described, () => {
    const all = readSchemas();
    assert.deepEqual(names(monitorCoverage), enumOf(all, "MonitorType"));
    assert.deepEqual(names(sloCoverage), enumOf(all, "SLOType"));
    assert.deepEqual(names(optionCoverage), Object.keys(all["MonitorOptions"]?.properties ?? {}).toSorted());
    assert.deepEqual(names(widgetCoverage), typesOf(all, "WidgetDefinition"));
  });
});

interface Schema {
  readonly $ref?: string;
  readonly enum?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
}
type Schemas = Readonly<Record<string, Schema>>;

function readSchemas(): Schemas {
  return parse(readFileSync(join(recordings, "openapi-v1.yaml"), "utf8")).components.schemas as Schemas;
}

function enumOf(all: Schemas, name: string): readonly string[] {
  return (all[name]?.enum ?? []).toSorted();
}

/** The values of `type` of every form. */
function typesOf(all: Schemas, name: string): readonly string[] {
  const { oneOf, properties } = all[name] ?? {};
  if (oneOf !== undefined) return [...new Set(oneOf.flatMap((form) => typesOf(all, nameIn(form))))].toSorted();
  const type = properties?.["type"] ?? {};
  return type.enum ?? enumOf(all, nameIn(type));
}

const nameIn = ({ $ref = "" }: Schema) => $ref.split("/").at(-1) ?? "";
