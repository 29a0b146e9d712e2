import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { StepError } from "../../../src/model/run/outcome.ts";
import { importableDashboard } from "../../../src/provision/import/dashboard.ts";
import { candidatesIn } from "../../../src/provision/import/file.ts";
import { readHcl } from "../../../src/provision/import/hcl.ts";
import { type Candidate, importOne } from "../../../src/provision/import/import.ts";
import { importableMonitor } from "../../../src/provision/import/monitor.ts";
import { terraformResources } from "../../../src/provision/import/terraform.ts";

const only = (text: string) => {
  const found = terraformResources("monitor", text, "alerts.tf");
  assert.equal(found.length, 1);
  return found[0] as (typeof found)[0];
};
const monitor = (inside: string) => `resource "datadog_monitor" "disk" {
  name = "Disk"
  type = "metric alert"
  query = "avg(last_5m):avg:disk.used{*} by {host} > 5"
  message = "full"
${inside}
}
`;
const valuesOf = (text: string) =>
  Object.fromEntries(readHcl(`x {\n${text}\n}`, "f.tf")[0]?.attributes.map(({ name, value }) => [name, value]) ?? []);

describe("reading Terraform", () => {
  it("takes strings, numbers, booleans, null, lists and maps as they are written", () => {
    assert.deepEqual(
      valuesOf(String.raw`
        text = "a \"b\" \n\t\\ \u00e9 $${"${"}literal} %%{if}" # why
        whole = 5  // one
        part = -0.25
        odd = "\U99999999 \U0001F600"
        small = 1e-3 /* several
        lines */
        yes = true
        nothing = null
        list = ["a", # the first
          "b",
        ]
        empty = []
        map = { critical = 90, "warn-ing" : "80"
          deep = { x = [1, 2] }
        }`),
      {
        text: 'a "b" \n\t\\ é ${literal} %{if}',
        whole: 5,
        part: -0.25,
        odd: "\\U99999999 😀",
        small: 0.001,
        yes: true,
        nothing: null,
        list: ["a", "b"],
        empty: [],
        map: { critical: 90, "warn-ing": "80", deep: { x: [1, 2] } },
      },
    );
  });

  it("takes heredocs, flush ones without the space before them", () => {
    const text =
      'x {\n  a = <<EOT\n  {{#is_alert}}\n    "full" \\n\nEOT\n  b = <<-END\n    one\n      two\n    END\n  c = 1\n}\n';
    const [block] = readHcl(text, "f.tf");
    assert.deepEqual(
      block?.attributes.map(({ value, line }) => [line, value]),
      [
        [2, '  {{#is_alert}}\n    "full" \\n\n'],
        [6, "one\n  two\n"],
        [10, 1],
      ],
    );
  });

  it("keeps expressions as they are written, and reads on behind them", () => {
    const text =
      'x {\n a = var.name\n b = "on ${var.host}"\n c = join(",", [\n  "}", var.x\n ])\n d = 1 + 2\n e = true ? 1 : 2\n f = "plain"\n}';
    const [block] = readHcl(text, "f.tf");
    assert.deepEqual(
      block?.attributes.map(({ name, value }) => [name, value]),
      [..."abcde"].map((name): [string, unknown] => [name, undefined]).concat([["f", "plain"]]),
    );
    assert.equal(block?.attributes[2]?.source, 'join(",", [\n  "}", var.x\n ])');
  });

  it("reads jsonencode of plain values, and locals of the same file, which may name each other", () => {
    const text = `locals {
  team  = "ops"
  tags  = ["team:\${local.team}", "env:prod"]
  limit = 5
  secret = var.secret
}
x {
  a = local.tags
  b = "over \${local.limit} of \${local.team}"
  c = jsonencode({ title = "T", list = [1, true, null], who = local.team })
  d = <<-EOT
    \${local.team}
  EOT
  e = local.secret
  f = "a \${local.secret}"
  g = local.tags[0]
  h = local.nowhere
  i = jsonencode({ a = var.b })
}`;
    const [, block] = readHcl(text, "f.tf");
    const values = Object.fromEntries(block?.attributes.map(({ name, value }) => [name, value]) ?? []);
    assert.deepEqual(values, {
      ...{ a: ["team:ops", "env:prod"], b: "over 5 of ops", d: "ops\n" },
      c: '{"title":"T","list":[1,true,null],"who":"ops"}',
      ...{ e: undefined, f: undefined, g: undefined, h: undefined, i: undefined },
    });
  });

  it("reads files as other systems write them: with a mark at the beginning, and with CR LF", () => {
    const text = '\uFEFFx {\r\n  a = <<EOT\r\none\r\nEOT\r\n  b = 1 # why\r\n  c = [\r\n    "x",\r\n  ]\r\n}\r\n';
    assert.deepEqual(
      readHcl(text, "f.tf")[0]?.attributes.map(({ value }) => value),
      ["one\r\n", 1, ["x"]],
    );
  });

  it("ends whatever it is given with values or with a sentence that names the line", () => {
    const piece = fc.constantFrom(
      ...[
        'resource "datadog_monitor" "a" {\n',
        "}",
        "{",
        "[",
        "]",
        "(",
        ")",
        '"',
        "${",
        "}\n",
        "<<EOT\n",
        "EOT\n",
        "\n",
      ],
      ...[
        "a = ",
        "b =\n",
        "jsonencode(",
        "local.x",
        "1e999",
        "-",
        '"\\U99999999"',
        "/*",
        "#",
        ",",
        "locals {\n",
        "\u0000",
        "=",
      ],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        try {
          terraformResources("monitor", pieces.join(""), "f.tf");
        } catch (error) {
          assert.ok(error instanceof StepError, String(error));
          assert.match(error.message, /^f\.tf, line \d+: /);
        }
      }),
      { numRuns: 2000 },
    );
    for (const opening of ["a = [", "a = {b=", "x {", "a = jsonencode("])
      assert.throws(
        () => readHcl(`x {\n${opening.repeat(1)}${opening.replace("a = ", "").repeat(100_000)}`, "f.tf"),
        StepError,
      );
  });

  for (const [what, text, line] of [
    ["a block that is never closed", 'resource "a" "b" {\n  x = 1\n', 3],
    ["a page of HTML", "<!doctype html>\n<html></html>", 1],
    ["a word that is neither attribute nor block", "x {\n  y\n}", 2],
  ] as const) {
    it(`refuses ${what}, naming the line`, () => {
      assert.throws(() => readHcl(text, "f.tf"), new RegExp(`f\\.tf, line ${line}: .`));
    });
  }
});

describe("monitors of Terraform", () => {
  it("have the API's shape: options in their place, thresholds as numbers, defaults of the provider", () => {
    const { body, problems } = only(
      monitor(`
  priority = "2"
  tags = ["env:prod"]
  notify_no_data = true
  renotify_interval = 60
  renotify_statuses = ["alert"]
  timeout_h = 0
  new_host_delay = 0
  on_missing_data = null
  force_delete = true
  monitor_thresholds {
    critical = "5"
    warning  = 4.5
  }
  monitor_threshold_windows {
    recovery_window = "last_15m"
    trigger_window  = "last_5m"
  }
  scheduling_options {
    evaluation_window {
      day_starts   = "04:00"
      hour_starts  = 0
      month_starts = 1
    }
    custom_schedule {
      recurrence {
        rrule    = "FREQ=DAILY"
        timezone = "Europe/Berlin"
      }
    }
  }
  lifecycle { ignore_changes = [message] }`),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(body, {
      name: "Disk",
      type: "metric alert",
      query: "avg(last_5m):avg:disk.used{*} by {host} > 5",
      message: "full",
      priority: 2,
      tags: ["env:prod"],
      options: {
        notify_no_data: true,
        no_data_timeframe: 10,
        require_full_window: true,
        include_tags: true,
        renotify_interval: 60,
        renotify_statuses: ["alert"],
        new_host_delay: 0,
        thresholds: { critical: 5, warning: 4.5 },
        threshold_windows: { recovery_window: "last_15m", trigger_window: "last_5m" },
        scheduling_options: {
          evaluation_window: { day_starts: "04:00", month_starts: 1 },
          custom_schedule: { recurrences: [{ rrule: "FREQ=DAILY", timezone: "Europe/Berlin" }] },
        },
      },
    });
  });

  it("have their queries of events and of cost as variables", () => {
    const { body, problems } = only(
      monitor(`
  variables {
    event_query {
      data_source = "rum"
      name        = "q"
      indexes     = ["*"]
      search { query = "status:error" }
      compute { aggregation = "count" }
      group_by {
        facet = "service"
        limit = 10
        sort {
          aggregation = "count"
          order       = "desc"
        }
      }
    }
    cloud_cost_query {
      data_source = "cloud_cost"
      name        = "c"
      query       = "sum:aws.cost{*}"
      aggregator  = "sum"
    }
  }`),
    );
    assert.deepEqual(problems, []);
    assert.deepEqual((body["options"] as Record<string, unknown>)["variables"], [
      {
        data_source: "rum",
        name: "q",
        indexes: ["*"],
        search: { query: "status:error" },
        compute: { aggregation: "count" },
        group_by: [{ facet: "service", limit: 10, sort: { aggregation: "count", order: "desc" } }],
      },
      { data_source: "cloud_cost", name: "c", query: "sum:aws.cost{*}", aggregator: "sum" },
    ]);
  });

  it("know their number by the import block, or by what Terraform has written above them", () => {
    const block = 'import {\n  to = datadog_monitor.disk\n  id = "4711"\n}\n';
    assert.equal(only(`${block}${monitor("")}`).body["id"], "4711");
    assert.equal(only(`# __generated__ by Terraform from "42"\n${monitor("")}`).body["id"], "42");
    assert.equal(only(monitor("")).body["id"], undefined);
  });

  for (const [what, inside, problem] of [
    [
      "a variable",
      "  priority = var.urgency",
      /^line 6: priority = var\.urgency needs var\.urgency, whose value only Terraform knows/,
    ],
    ["an unknown attribute", "  wibble = 1", /^line 6: wibble is no attribute/],
    ["an unknown block", "  wobble {\n  }", /^line 6: wobble \{ … \} is no block/],
    ["one block for several", "  count = 3", /^line 6: count makes several/],
    [
      "a threshold by expression",
      "  monitor_thresholds {\n    critical = local.x\n  }",
      /^line 7: monitor_thresholds\.critical = local\.x/,
    ],
    ["an unknown query", "  variables {\n    odd_query {\n    }\n  }", /^line 7: variables\.odd_query is no query/],
  ] as const) {
    it(`are refused for ${what}, with line and attribute`, async () => {
      const candidate = only(monitor(inside));
      assert.match(candidate.problems.join("\n"), problem);
      assert.deepEqual(await importOne(importableMonitor, candidate), { reasons: candidate.problems });
    });
  }
});

const state = (resources: unknown) =>
  JSON.stringify({
    format_version: "1.0",
    terraform_version: "1.9.5",
    values: { root_module: { resources: [], child_modules: [{ address: "module.a", resources }] } },
  });
const values = {
  id: "4711",
  ...{ name: "Disk", type: "metric alert", query: "avg(last_5m):avg:disk.used{*} by {host} > 5", message: "full" },
  ...{ priority: "2", tags: ["env:prod"], effective_tags: ["env:prod"], restricted_roles: [], assets: [] },
  ...{ notify_no_data: false, no_data_timeframe: 10, require_full_window: true, include_tags: true, locked: false },
  ...{ evaluation_delay: 0, new_host_delay: 300, new_group_delay: null, renotify_interval: 60, timeout_h: 0 },
  ...{ force_delete: null, validate: null, on_missing_data: "", draft_status: "published", enable_logs_sample: null },
  monitor_thresholds: [
    { critical: "5", warning: "4", critical_recovery: "", ok: "", unknown: "", warning_recovery: "" },
  ],
  monitor_threshold_windows: [],
  scheduling_options: [
    {
      custom_schedule: [],
      evaluation_window: [{ day_starts: "04:00", hour_starts: 0, month_starts: 0, timezone: "" }],
    },
  ],
  variables: [],
};

describe("what terraform show -json prints", () => {
  it("gives monitors with all that Terraform has worked out, and their number", async () => {
    const text = state([
      { mode: "managed", type: "datadog_monitor", name: "disk", address: 'module.a.datadog_monitor.disk["x"]', values },
      { mode: "data", type: "datadog_monitor", name: "other", address: "data.datadog_monitor.other", values },
      { mode: "managed", type: "aws_instance", name: "i", address: "aws_instance.i", values: {} },
    ]);
    const [candidate, ...others] = candidatesIn(importableMonitor, text, "state.json");
    assert.deepEqual([others, candidate?.problems], [[], []]);
    assert.equal(candidate?.place, 'state.json (module.a.datadog_monitor.disk["x"])');
    const result = await importOne(importableMonitor, candidate as Candidate);
    assert.ok("body" in result, JSON.stringify(result));
    assert.deepEqual([result.id, result.adopts], ["disk", "4711"]);
    assert.deepEqual(result.body, {
      ...{ name: "Disk", type: "metric alert", query: values.query, message: "full", tags: ["env:prod"], priority: 2 },
      draft_status: "published",
      options: {
        ...{ include_tags: true, locked: false, new_host_delay: 300, notify_no_data: false, renotify_interval: 60 },
        require_full_window: true,
        no_data_timeframe: 10,
        thresholds: { critical: 5, warning: 4 },
        scheduling_options: { evaluation_window: { day_starts: "04:00" } },
      },
    });
  });

  it("is read from a state file as well", () => {
    const resource = { mode: "managed", type: "datadog_monitor", name: "disk", module: "module.a" };
    const instances = [{ index_key: 0, attributes: values }];
    const text = JSON.stringify({ version: 4, terraform_version: "1.9.5", resources: [{ ...resource, instances }] });
    assert.deepEqual(
      candidatesIn(importableMonitor, text, "f").map(({ place, body }) => [place, body["id"]]),
      [["f (module.a.datadog_monitor.disk[0])", "4711"]],
    );
  });

  it("gives dashboards that are kept as JSON", async () => {
    const dashboard = JSON.stringify({ title: "T", layout_type: "ordered", widgets: [] });
    const resource = {
      mode: "managed",
      type: "datadog_dashboard_json",
      name: "t",
      address: "datadog_dashboard_json.t",
    };
    const text = state([{ ...resource, values: { id: "abc-def-ghi", dashboard, url: "/dashboard/abc-def-ghi" } }]);
    const [candidate] = candidatesIn(importableDashboard, text, "f");
    const result = await importOne(importableDashboard, candidate as Candidate);
    assert.deepEqual("adopts" in result && [result.id, result.adopts], ["t", "abc-def-ghi"]);
  });

  for (const [what, text] of [
    ["a state without resources", state([])],
    ["resources that are none", state([7, null, { mode: "managed", type: "datadog_monitor" }])],
    ["a module that is none", JSON.stringify({ terraform_version: "1", version: 4, values: { root_module: 7 } })],
    ["state of another shape", JSON.stringify({ terraform_version: "1", version: 4, resources: { a: 1 } })],
  ] as const) {
    it(`refuses ${what}: no monitor is in it`, () =>
      assert.throws(() => candidatesIn(importableMonitor, text, "f"), /f holds no monitor/));
  }
});
