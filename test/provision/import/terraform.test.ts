import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readHcl } from "../../../src/provision/import/hcl.ts";
import { importMonitor } from "../../../src/provision/import/import.ts";
import { terraformMonitors } from "../../../src/provision/import/terraform.ts";

const only = (text: string) => {
  const found = terraformMonitors(text, "alerts.tf");
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
    assert.equal(only(`${block}${monitor("")}`).body["id"], 4711);
    assert.equal(only(`# __generated__ by Terraform from "42"\n${monitor("")}`).body["id"], 42);
    assert.equal(only(monitor("")).body["id"], undefined);
  });

  for (const [what, inside, problem] of [
    ["a variable", "  priority = var.urgency", /^line 6: priority = var\.urgency is an expression/],
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
      assert.deepEqual(await importMonitor(candidate), { reasons: candidate.problems });
    });
  }
});
