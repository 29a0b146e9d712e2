import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alerts } from "../../monitors/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { monitorResources } from "../../src/provision/datadog/monitor-resources.ts";
import { refuseFindings } from "../../src/provision/finding.ts";
import type { Body, Resource } from "../../src/provision/resource.ts";
import { checkResources } from "../../src/provision/rules.ts";
import { composite, monitor } from "./stage.ts";

const query = "max(last_5m):max:a{*} by {host} > 2";
const judging = (options: Body, judged = query): Resource => monitor("x", { query: judged, options });
const saying = (message: string): Resource => monitor("x", { message });

const bad: readonly (readonly [what: string, resources: readonly Resource[], said: RegExp])[] = [
  [
    "a threshold that is not the query's",
    [judging({ thresholds: { critical: 3 } })],
    /judges 2, its critical threshold is 3.*make them equal/,
  ],
  ["no critical threshold", [judging({})], /no critical threshold – set it to 2/],
  [
    "thresholds in the wrong order",
    [judging({ thresholds: { critical: 2, warning: 3 } })],
    /warning 3 is not below.*exchange the two/,
  ],
  [
    "thresholds in the wrong order, downwards",
    [judging({ thresholds: { critical: 2, warning: 1 } }, query.replace(">", "<"))],
    /warning 1 is not above/,
  ],
  [
    "a warning that comes with what is critical, where reaching it is enough",
    [judging({ thresholds: { critical: 2, warning: 2 } }, query.replace(">", ">="))],
    /warning 2 is not below/,
  ],
  [
    "a warning that comes with what is critical, downwards",
    [judging({ thresholds: { critical: 2, warning: 2 } }, query.replace(">", "<"))],
    /warning 2 is not above/,
  ],
  [
    "a recovery from a warning on the wrong side",
    [judging({ thresholds: { critical: 2, warning: 1, warning_recovery: 1.5 } })],
    /recovery 1.5 from a warning is not below the warning 1 – put it below/,
  ],
  ["a title that nobody can read", [monitor("x", { name: " " })], /it has no name – give it a title/],
  ["what has neither a title", [monitor("x", { name: null })], /it has no name/],
  ["nor an option", [monitor("x", { options: null })], /no critical threshold/],
  [
    "a recovery on the wrong side",
    [judging({ thresholds: { critical: 2, critical_recovery: 2.5 } })],
    /recovery 2.5 is not below/,
  ],
  [
    "two words about missing data",
    [judging({ thresholds: { critical: 2 }, on_missing_data: "show_no_data", notify_no_data: true })],
    /exclude each other – remove notify_no_data/,
  ],
  [
    "an option that does not exist",
    [judging({ thresholds: { critical: 2 }, renotify: 5 })],
    /options.renotify is no field of monitors – is it misspelt/,
  ],
  [
    "a block that does not close",
    [saying("{{#is_alert}}now")],
    /\{\{#is_alert\}\} is never closed – add \{\{\/is_alert\}\}/,
  ],
  [
    "blocks that cross",
    [saying("{{#is_alert}}{{#is_warning}}{{/is_alert}}{{/is_warning}}")],
    /still open – close \{\{\/is_warning\}\} first/,
  ],
  ["a block that was never opened", [saying("now{{/is_alert}}")], /closes a block that is not open/],
  [
    "a block that Datadog does not know",
    [saying("{{#is_critical}}now{{/is_critical}}")],
    /no conditional that Datadog knows/,
  ],
  ["a variable that no group has", [saying("{{device.name}} is full")], /does not group by device – it groups by host/],
  [
    "a comparison with a variable that no group has",
    [saying('{{#is_match "job.name" "a"}}x{{/is_match}}')],
    /does not group by job/,
  ],
  [
    "a service check that sees too little",
    [
      monitor("x", {
        type: "service check",
        query: '"ntp.in_sync".over("*").by("host").last(4).count_by_status()',
        options: { thresholds: { critical: 4 } },
      }),
    ],
    /looks at 4 results and counts to 4 – write last\(5\)/,
  ],
  ["a composite of what is not defined", [composite("both", ["a"])], /names a, which is not defined/],
  ["a circle", [composite("a", ["b"]), composite("b", ["a"])], /needs b, which needs it – break the circle/],
  ["one id twice", [monitor("x"), monitor("x")], /several of the id x/],
  ["an id that no tag can hold", [monitor("Disk Usage")], /Disk Usage is no id/],
];

describe("the rules of definitions", () => {
  for (const [what, resources, said] of bad) {
    it(`object to ${what}`, () => {
      assert.throws(() => refuseFindings(checkResources(resources)), said);
    });
  }

  it("tell all mistakes at once, each with its file and its id", () => {
    const findings = checkResources([
      saying("{{#is_alert}}{{job.name}}"),
      { ...monitor("y", { query: " " }), file: "monitors/y.ts" },
    ]);
    assert.deepEqual(
      findings.map(({ id, file }) => [id, file]),
      [
        ["x", "monitors/x.ts"],
        ["x", "monitors/x.ts"],
        ["y", "monitors/y.ts"],
      ],
    );
    assert.throws(
      () => refuseFindings(findings),
      /3 mistakes; nothing has been written[\s\S]*monitor y \(monitors\/y.ts\): it has no query/,
    );
  });

  for (const stack of stacks) {
    it(`have nothing against the monitors of the stack ${stack.name}`, () => {
      assert.deepEqual(checkResources(monitorResources(alerts, stack)), []);
    });
  }

  it("have nothing against what says nothing, and against the older words about missing data alone", () => {
    const thresholds = { critical: 2, warning: 1.5, critical_recovery: 1.9, warning_recovery: 1 };
    assert.deepEqual(checkResources([monitor("x", { message: null })]), []);
    assert.deepEqual(checkResources([judging({ thresholds }, query.replace(">", ">="))]), []);
    assert.deepEqual(checkResources([judging({ thresholds, notify_no_data: true, no_data_timeframe: 10 })]), []);
  });

  it("know what a service check and a composite are", () => {
    const check = monitor("check", {
      type: "service check",
      query: '"ntp.in_sync".over("*").by("host").last(5).count_by_status()',
      options: { thresholds: { critical: 4, ok: 2 } },
    });
    assert.deepEqual(checkResources([check, monitor("a"), composite("both", ["a", "check"])]), []);
  });
});
