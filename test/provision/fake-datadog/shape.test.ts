import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dashboards } from "../../../dashboards/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import { dashboardResources } from "../../../src/provision/datadog/dashboards.ts";
import { downtimeBody } from "../../../src/provision/datadog/downtime.ts";
import { catalogueMetadata } from "../../../src/provision/datadog/metric-metadata.ts";
import { sloResources } from "../../../src/provision/datadog/slo-resources.ts";
import { monitor } from "../stage.ts";
import { asJson, type Json } from "./monitors.ts";
import { startFakeDatadog } from "./server.ts";
import { checkShape, hasRecordings } from "./shape.ts";

const [stack] = stacks as readonly [(typeof stacks)[number]];
const first = <T>(items: readonly T[]) => items[0] as T;
const skip = hasRecordings ? false : "missing here: ../shared/datadog/openapi-v1.yaml";

const monitors = "/api/v1/monitor";
const slos = "/api/v1/slo";
const pages = "/api/v1/dashboard";
const downtimes = "/api/v1/downtime";
const metric = "/api/v1/metrics/pantheros.x";

const alert: Json = { ...monitor("x").body };
const slo: Json = { ...first(sloResources(stack)).body };
const page: Json = { ...first(dashboardResources(dashboards, stack)).body };
const downtime: Json = { ...downtimeBody({ job: "a", host: null, from: 1, until: 2, why: "w" }) };
const metadata: Json = { ...first(catalogueMetadata).body };

/** What breaks: one value somewhere in it, by its path. */
type Break = readonly [path: string, value: unknown];
type Exchange = readonly [
  method: string,
  path: string,
  sent: Json,
  breaksSent: readonly Break[],
  breaksAnswer: readonly Break[],
];

const brokenAlert: readonly Break[] = [
  ["type", "query allert"],
  ["query", 5],
  ["options.thresholds.critical", "2"],
  ["options.on_missing_data", "show"],
  ["options.renotify_statuses", ["ok"]],
  ["tags", "a:b"],
  ["priority", "high"],
];
const brokenMonitor: readonly Break[] = [...brokenAlert, ["id", "a"], ["overall_state", "Fine"], ["multi", "yes"]];
const brokenSlo: readonly Break[] = [
  ["type", "metrics"],
  ["thresholds", undefined],
  ["thresholds.0.timeframe", "31d"],
  ["thresholds.0.target", "99"],
  ["query.numerator", 5],
];
const brokenPage: readonly Break[] = [
  ["layout_type", "loose"],
  ["title", 5],
  ["widgets.0.definition.type", "grup"],
  ["widgets.0.definition.widgets.0.definition.requests.0.formulas", 5],
  ["template_variables.0.name", undefined],
  ["reflow_type", "automatic"],
];
const brokenDowntime: readonly Break[] = [
  ["start", "now"],
  ["scope", "host:a"],
  ["monitor_tags", 5],
  ["monitor_id", "a"],
];

/** After one of each was made, in this order. */
const exchanges: readonly Exchange[] = [
  ["POST", monitors, alert, [...brokenAlert, ["query", undefined], ["type", undefined]], brokenMonitor],
  ["POST", `${monitors}/validate`, alert, brokenAlert, []],
  ["GET", monitors, {}, [], [["0.type", "query allert"]]],
  ["GET", `${monitors}/ID`, {}, [], brokenMonitor],
  ["PUT", `${monitors}/ID`, { ...alert, name: "y" }, brokenAlert, brokenMonitor],
  [
    "GET",
    `${monitors}/can_delete?monitor_ids=ID`,
    {},
    [],
    [
      ["data.ok", ["a"]],
      ["data", undefined],
    ],
  ],
  ["DELETE", `${monitors}/ID`, {}, [], [["deleted_monitor_id", "a"]]],
  [
    "POST",
    slos,
    slo,
    [...brokenSlo, ["name", undefined]],
    [
      ["data.0.type", "metrics"],
      ["data.0.thresholds.0.target", "99"],
    ],
  ],
  [
    "GET",
    slos,
    {},
    [],
    [
      ["data.0.type", "metrics"],
      ["data.0.thresholds.0.timeframe", "31d"],
    ],
  ],
  [
    "GET",
    `${slos}/ID`,
    {},
    [],
    [
      ["data.type", "metrics"],
      ["data.tags", "a"],
    ],
  ],
  ["PUT", `${slos}/ID`, { ...slo, name: "y" }, brokenSlo, [["data.0.type", "metrics"]]],
  ["GET", `${slos}/can_delete?ids=ID`, {}, [], [["data.ok", [5]]]],
  ["DELETE", `${slos}/ID`, {}, [], [["data", [5]]]],
  ["POST", pages, page, [...brokenPage, ["widgets", undefined]], [...brokenPage, ["notify_list", "a"]]],
  [
    "GET",
    pages,
    {},
    [],
    [
      ["dashboards.0.layout_type", "loose"],
      ["dashboards", {}],
    ],
  ],
  ["GET", `${pages}/ID`, {}, [], brokenPage],
  ["PUT", `${pages}/ID`, { ...page, title: "y" }, brokenPage, brokenPage],
  ["DELETE", `${pages}/ID`, {}, [], [["deleted_dashboard_id", 5]]],
  ["POST", downtimes, downtime, brokenDowntime, [...brokenDowntime, ["id", "a"], ["active", "yes"]]],
  ["GET", downtimes, {}, [], [["0.scope", "host:a"]]],
  ["GET", `${downtimes}/ID`, {}, [], brokenDowntime],
  ["PUT", `${downtimes}/ID`, { ...downtime, end: 3 }, brokenDowntime, brokenDowntime],
  [
    "PUT",
    metric,
    metadata,
    [
      ["description", 5],
      ["unit", 5],
    ],
    [["statsd_interval", "10s"]],
  ],
  [
    "GET",
    metric,
    {},
    [],
    [
      ["description", 5],
      ["short_name", []],
    ],
  ],
];

describe("the fake Datadog is held to openapi-v1.yaml", { skip }, () => {
  it("in what is sent and what is answered, of every kind and in every place", async (t) => {
    const fake = await startFakeDatadog(t);
    fake.metadata.all.set("pantheros.x", { type: "gauge" });
    const loose: string[] = [];
    let id = "";
    for (const [method, template, sent, breaksSent, breaksAnswer] of exchanges) {
      const path = template.replace("ID", id);
      const response = await fetch(`${fake.url}${path}`, {
        method,
        headers: { "dd-api-key": "api", "dd-application-key": "app" },
        ...(method === "GET" ? {} : { body: JSON.stringify(sent) }),
      });
      const text = await response.text();
      assert.ok(response.status < 300, `${method} ${path}: ${response.status} ${text}`);
      const json: unknown = text === "" ? null : JSON.parse(text);
      if (method === "POST" && !path.endsWith("/validate")) id = idIn(json);
      const { pathname } = new URL(path, fake.url);
      const held = (request: Json, answer: unknown) => () =>
        checkShape(method, pathname, request, { status: response.status, json: answer });
      held(sent, json)();
      const slipped = (what: string, change: Break, check: () => void) => {
        if (!isRefused(check)) loose.push(`${method} ${template} ${what} ${change[0]}`);
      };
      for (const change of breaksSent) slipped("sends", change, held(broken(sent, change) as Json, json));
      for (const change of breaksAnswer) slipped("answers", change, held(sent, broken(json, change)));
    }
    assert.deepEqual(loose, []);
  });

  it("in its refusals", () => {
    const refusal = (json: unknown) => () => checkShape("GET", `${monitors}/1`, {}, { status: 404, json });
    refusal({ errors: ["Monitor not found"] })();
    assert.throws(refusal({ error: "Monitor not found" }), /answers what openapi/);
    assert.throws(refusal({ errors: [{ title: "no" }] }), /answers what openapi/);
  });
});

function isRefused(check: () => void): boolean {
  try {
    check();
    return false;
  } catch (error) {
    assert.match(String(error), /(?:sends|answers) what openapi-v1\.yaml does not allow/);
    return true;
  }
}

function idIn(json: unknown): string {
  const { id, data } = asJson(json);
  return String(id ?? asJson(Array.isArray(data) ? data[0] : {})["id"]);
}

/** A copy with another value at a path; undefined: without it. The path down to it must be there. */
function broken(value: unknown, [path, other]: Break): unknown {
  const copy = structuredClone(value);
  const names = path.split(".");
  const last = names.pop() as string;
  const above = names.reduce((inside, name) => {
    assert.ok(typeof inside === "object" && inside !== null && name in inside, `${path} is not there`);
    return (inside as Json)[name];
  }, copy) as Json;
  if (other === undefined) delete above[last];
  else above[last] = other;
  return copy;
}
