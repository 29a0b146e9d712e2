import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { widgetChanges, widgetSummary } from "../../../src/commands/provisioning/widget-changes.ts";
import type { JsonValue } from "../../../src/model/measurement.ts";

const widget = (title: string, query = "max:a{*}", y = 0, type = "timeseries") => ({
  definition: { type, title, requests: [{ q: query }] },
  layout: { x: 0, y, width: 6, height: 2 },
});
const group = (title: string, ...widgets: readonly JsonValue[]) => ({
  definition: { type: "group", title, widgets: [...widgets] },
  layout: { x: 0, y: 0, width: 12, height: 5 },
});

function told(before: JsonValue, after: JsonValue) {
  const found = widgetChanges(before, after);
  assert.ok(found);
  return [
    widgetSummary(found),
    ...found.changes.map(({ sign, name, differences }) =>
      [sign, name, ...differences.map(({ path }) => path)].join(" "),
    ),
  ];
}

describe("what has changed among widgets", () => {
  const before = [group("Jobs", widget("Runs"), widget("Failures")), group("Disks", widget("Usage"))];

  it("names those that come and go, and those that change with their fields", () => {
    const after = [
      group("Jobs", widget("Runs", "sum:a{*}"), widget("Slowest")),
      group("Disks", widget("Usage"), widget("Errors", "max:e{*}", 2, "query_table")),
    ];
    assert.deepEqual(told(before, after), [
      "1 added, 2 changed",
      "~ Jobs / Runs (timeseries) requests",
      "~ Jobs / Failures (timeseries) title",
      "+ Disks / Errors (query_table)",
    ]);
    assert.deepEqual(told(after, before).slice(-1), ["- Disks / Errors (query_table)"]);
  });

  it("counts those that only stand elsewhere", () => {
    const after = [
      group("Jobs", widget("Failures"), widget("Runs", "max:a{*}", 4)),
      group("Disks", widget("Usage", "max:a{*}", 9)),
    ];
    assert.deepEqual(told(before, after), ["2 moved"]);
    const swapped = [group("Jobs", widget("Failures"), widget("Runs")), group("Disks", widget("Usage"))];
    assert.deepEqual(told(before, swapped), ["the same ones in another order"]);
    const elsewhere = [group("Jobs", widget("Runs")), group("Disks", widget("Failures"), widget("Usage"))];
    assert.deepEqual(told(before, elsewhere), ["1 moved"]);
    const renamed = [group("Runs of jobs", widget("Runs"), widget("Failures")), group("Disks", widget("Usage"))];
    assert.deepEqual(told(before, renamed), ["1 changed", "~ Jobs (group) title"]);
  });

  it("takes each for one other at most, also where titles stand twice or are missing", () => {
    const twice = [widget("Runs", "max:a{*}"), widget("Runs", "max:b{*}")];
    assert.deepEqual(told(twice, [widget("Runs", "max:b{*}")]), ["1 removed", "- Runs (timeseries)"]);
    assert.deepEqual(told([], [widget("", "max:a{*}", 0, "note")]), ["1 added", "+ without a title (note)"]);
  });

  it("says nothing of what are no widgets", () => {
    for (const strange of ["widgets", 7, [1], [{ id: 1 }], { a: 1 }]) assert.equal(widgetChanges(strange, []), null);
  });
});
