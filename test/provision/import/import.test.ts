import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type BatchOptions, importBatch } from "../../../src/provision/import/batch.ts";
import { candidatesIn } from "../../../src/provision/import/file.ts";
import { importedResources, writeImported } from "../../../src/provision/import/folder.ts";
import { importOne, slugOf } from "../../../src/provision/import/import.ts";
import { importableMonitor } from "../../../src/provision/import/monitor.ts";
import type { Body } from "../../../src/provision/resource.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const exported: Body = {
  id: 77,
  name: "[prod] Disk is füll: {{host.name}}",
  type: "metric alert",
  query: "avg(last_5m):avg:disk.used{*} by {host} > 5",
  message: "full",
  tags: ["env:prod"],
  priority: null,
  restricted_roles: null,
  options: { thresholds: { critical: 5 }, notify_no_data: false, no_data_timeframe: null, include_tags: true },
};
const nested = (levels: number): unknown => (levels === 0 ? "x" : [nested(levels - 1)]);
const changed = (change: Body, options: Body = {}): Body => ({
  ...exported,
  ...change,
  options: { ...(exported["options"] as Body), ...options },
});
const imported = async (body: Body, as?: string) => {
  const result = await importOne(importableMonitor, { place: "f.json", body, problems: [] }, as);
  assert.ok(!("reasons" in result), JSON.stringify(result));
  return result;
};
const reasonsOf = async (body: Body) => {
  const result = await importOne(importableMonitor, { place: "f.json", body, problems: [] });
  assert.ok("reasons" in result, JSON.stringify(result));
  return result.reasons.join("\n");
};
const batch = (bodies: readonly Body[], more: Partial<BatchOptions> = {}) =>
  importBatch(
    importableMonitor,
    bodies.map((body, index) => ({ place: `number ${index + 1}`, body, problems: [] })),
    { stack: "hosts", defined: [], folder: [], ...more },
  );

describe("importing a monitor", () => {
  it("keeps what says something, under an id made of its name", async () => {
    assert.deepEqual(await imported(exported), {
      id: "prod-disk-is-full-host-name",
      adopts: "77",
      left: [],
      body: {
        name: exported["name"],
        type: "metric alert",
        query: exported["query"],
        message: "full",
        tags: ["env:prod"],
        options: { thresholds: { critical: 5 }, notify_no_data: false, include_tags: true },
      },
    });
    assert.equal(slugOf("…!?"), "");
  });

  it("leaves out what the UI exports and the API refuses, and who has muted it", async () => {
    const { body, left } = await imported(
      changed({}, { groupby_simple_monitor: false, silenced: { "*": null }, restriction_query: null }),
    );
    assert.deepEqual(Object.keys(body["options"] as Body).toSorted(), [
      "groupby_simple_monitor",
      "include_tags",
      "notify_no_data",
      "thresholds",
    ]);
    assert.deepEqual(left, ["options.silenced (who has muted it)"]);
  });

  it("keeps the id of one that carries our tags already, and not the tags", async () => {
    const tags = [
      "env:prod",
      "managed_by:pantheros",
      "pantheros_stack:hosts",
      "pantheros_id:disk",
      "pantheros_applied:v1.x",
    ];
    const { id, body } = await imported(changed({ tags }));
    assert.equal(id, "disk");
    assert.deepEqual(body["tags"], ["env:prod"]);
  });

  for (const [what, body, reason] of [
    ["a type that nobody knows", changed({ type: "wibble alert" }), /client does not know type: "wibble alert"/],
    [
      "an option that an update would drop",
      changed({}, { restriction_query: "team:a" }),
      /options\.restriction_query is not known/,
    ],
    [
      "thresholds in the wrong order",
      changed({}, { thresholds: { critical: 5, warning: 6 } }),
      /warning 6 is not below/,
    ],
    ["no name", { type: "metric alert", query: "q" }, /it is no monitor/],
    ["half a monitor", { id: 7, name: "a", type: "metric alert", query: "q > 1" }, /result of a search.*--id 7/],
    ["what is nested without end", changed({ message: nested(200) as never }), /nested more than 64 levels/],
    [
      "a dashboard",
      { title: "T", layout_type: "free", widgets: [] },
      /it is a dashboard: .*pantheros dashboards import/,
    ],
    ["one that is deleted", changed({ deleted: "2026-01-01" }), /is deleted/],
    ["a name without letters", changed({ name: "!!!" }), /--as ID/],
  ] as const) {
    it(`refuses ${what}, with the reason`, async () => assert.match(await reasonsOf(body), reason));
  }
});

describe("importing several", () => {
  it("refuses the second of one name and says how to have it", async () => {
    const { imported: kept, refused } = await batch([exported, { ...exported, id: 78 }]);
    assert.deepEqual(
      kept.map(({ adopts }) => adopts),
      ["77"],
    );
    assert.match(refused[0]?.reasons[0] ?? "", /as number 1 is already \(two with one name\?\).*--as ID/);
  });

  it("keeps the id of one that has another name now, and refuses to give it a new one", async () => {
    const folder = [{ kind: "monitor", id: "disk", needs: [], body: {}, file: "i/disk.json", adopts: "77" }] as const;
    const { imported: kept } = await batch([exported], { folder });
    assert.deepEqual(
      kept.map(({ id }) => id),
      ["disk"],
    );
    const { refused } = await batch([exported], { folder, as: "new" });
    assert.match(refused[0]?.reasons[0] ?? "", /imported as disk already, and an id is not changed/);
  });

  it("finds nothing to import in what pantheros itself defines, whatever it shall be called", async () => {
    const defined = [{ kind: "monitor", id: "disk", needs: [], body: {} } as const];
    const marked = (stack: string, id: string): Body => ({
      ...exported,
      tags: ["managed_by:pantheros", `pantheros_stack:${stack}`, `pantheros_id:${id}`],
    });
    for (const as of [undefined, "mine"]) {
      const { refused } = await batch([marked("hosts", "disk")], { defined, ...(as === undefined ? {} : { as }) });
      assert.match(refused[0]?.reasons[0] ?? "", /^it is disk of the stack hosts already/);
    }
    for (const others of [marked("cluster", "disk"), marked("hosts", "queue")])
      assert.deepEqual((await batch([others], { defined, as: "mine" })).refused, []);
  });

  it("refuses an id of ours, one of another monitor, and what is no id", async () => {
    const disk = { kind: "monitor", id: "disk", needs: [], body: {} } as const;
    const ours = await batch([exported], { defined: [disk], as: "disk" });
    assert.match(ours.refused[0]?.reasons[0] ?? "", /disk is defined by pantheros itself/);
    const other = await batch([exported], { folder: [{ ...disk, adopts: "5", file: "i/disk.json" }], as: "disk" });
    assert.match(other.refused[0]?.reasons[0] ?? "", /i\/disk\.json is monitor 5/);
    assert.match((await batch([exported], { as: "../x" })).refused[0]?.reasons[0] ?? "", /\.\.\/x is no id/);
  });
});

describe("exports", () => {
  it("are one monitor, a list, or a list under monitors", () => {
    const count = (value: unknown) => candidatesIn(importableMonitor, JSON.stringify(value), "f.json").length;
    assert.deepEqual([count(exported), count([exported, exported]), count({ monitors: [exported] })], [1, 1 + 1, 1]);
    assert.match(candidatesIn(importableMonitor, "[7]", "f.json")[0]?.problems[0] ?? "", /no object/);
  });

  for (const [what, text, message] of [
    ["half a file", '{"id": 7,', /f cannot be read as JSON/],
    ["an empty list", "[]", /f holds no monitor/],
    ["an empty file", "", /f holds no monitor/],
    ["Terraform without monitors", 'resource "aws_s3_bucket" "b" {\n}\n', /f holds no monitor/],
    ["a page of HTML", "<html></html>", /f, line 1/],
    ["bytes", "\u0000\u0001", /f, line 1/],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => candidatesIn(importableMonitor, text, "f"), message));
  }
});

describe("a folder of imported definitions", () => {
  it("gives resources that are called as their files", async (t) => {
    const folder = temporaryDirectory(t);
    writeFileSync(join(folder, "disk.json"), writeImported(importableMonitor, await imported(exported)));
    mkdirSync(join(folder, "notes"));
    const [resource, ...others] = importedResources(importableMonitor, folder);
    assert.deepEqual([resource?.id, resource?.adopts, others.length], ["disk", "77", 0]);
  });

  it("refuses two for one monitor, what import has not written, and a folder that is not there", async (t) => {
    const folder = temporaryDirectory(t);
    const text = writeImported(importableMonitor, await imported(exported));
    for (const name of ["a.json", "b.json"]) writeFileSync(join(folder, name), text);
    assert.throws(() => importedResources(importableMonitor, folder), /a\.json and .*b\.json both adopt monitor 77/);
    writeFileSync(join(folder, "b.json"), JSON.stringify(exported));
    assert.throws(
      () => importedResources(importableMonitor, folder),
      /b\.json is no definition that import has written/,
    );
    writeFileSync(join(folder, "b.json"), "{");
    assert.throws(() => importedResources(importableMonitor, folder), /b\.json cannot be read as JSON/);
    assert.throws(
      () => importedResources(importableMonitor, join(folder, "gone")),
      /the folder .*gone of imported definitions is not there/,
    );
  });
});
