import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import type { MetricDefinition } from "../../src/model/metrics/definition.ts";
import { type MetricName, metricNames, metrics, toDatadogUnit } from "../../src/model/metrics.ts";

const all: readonly (readonly [MetricName, MetricDefinition])[] = metricNames.map((name) => [name, metrics[name]]);
/** Labels that never hold the name of something declared or found, whatever the metric. */
const closed = [
  ...["outcome", "reason", "promise", "kind", "state", "holds", "rhythm", "tier", "type"],
  ...["bound", "class", "operation", "rule"],
];

describe("the metric catalogue", () => {
  it("is made of families of which none takes the place of another's metric", async () => {
    const folder = join(import.meta.dirname, "../../src/model/metrics");
    const files = readdirSync(folder).filter((file) => !["definition.ts", "label-values.ts"].includes(file));
    const families = await Promise.all(files.map((file) => import(pathToFileURL(join(folder, file)).href)));
    const names = families.flatMap((family) => Object.values<object>(family).flatMap((metric) => Object.keys(metric)));
    assert.deepEqual(names.toSorted(), metricNames.toSorted());
  });

  it("holds the twelve Datadog metrics of the seeds to the letter", () => {
    const contract = {
      "pantheros.snapshot.created": ["counter", undefined, ["subvol"]],
      "pantheros.snapshot.failed": ["counter", undefined, ["subvol", "reason"]],
      "pantheros.snapshot.age": ["gauge", "hours", ["subvol"]],
      "pantheros.snapshot.count": ["gauge", undefined, ["subvol", "type"]],
      "pantheros.snapshot.size": ["gauge", undefined, ["subvol"]],
      "pantheros.backup.completed": ["counter", undefined, ["job", "target"]],
      "pantheros.backup.failed": ["counter", undefined, ["job", "target", "reason"]],
      "pantheros.backup.duration": ["gauge", undefined, ["job"]],
      "pantheros.backup.size": ["gauge", undefined, ["job", "target"]],
      "pantheros.backup.b2.cost": ["gauge", undefined, ["bucket"]],
      "pantheros.disk.usage": ["gauge", "percent", ["device"]],
      "pantheros.btrfs.balance": ["gauge", undefined, ["device"]],
    };
    const found = Object.fromEntries(
      all
        .filter(([, { datadog }]) => datadog in contract)
        .map(([, { datadog, type, datadogUnit, labels }]) => [datadog, [type, datadogUnit, labels]]),
    );
    assert.deepEqual(found, contract);
  });

  it("says all values of a closed label once, and of no label that a metric does not have", () => {
    for (const [name, { labels, values }] of all) {
      for (const [label, list = []] of Object.entries(values)) {
        assert.ok(labels.includes(label), `${name}: ${label}`);
        assert.ok(list.length > 1, `${name}: ${label}`);
        assert.equal(new Set(list).size, list.length, `${name}: ${label}`);
      }
      for (const label of closed) if (labels.includes(label)) assert.ok(label in values, `${name}: ${label} is closed`);
    }
  });

  it("gives no name twice", () => {
    for (const key of ["prometheus", "datadog"] as const) {
      const names = all.map(([, definition]) => definition[key]);
      assert.deepEqual(names, [...new Set(names)]);
    }
  });

  for (const [name, { prometheus, datadog, type, unit, labels, help }] of all) {
    it(`${name} is named by the rules`, () => {
      assert.match(prometheus, /^pantheros_[a-z][a-z0-9_]*$/);
      assert.match(datadog, /^pantheros\.[a-z][a-z0-9_.]*$/);
      assert.equal(prometheus.endsWith("_total"), type === "counter", "_total is for counters, and for them only");
      const suffix = {
        seconds: "_seconds",
        bytes: "_bytes",
        ratio: "_ratio",
        timestamp: "_timestamp_seconds",
        usd: "_usd",
      };
      const expected = unit in suffix ? suffix[unit as keyof typeof suffix] : "";
      assert.ok(prometheus.endsWith(expected) || type === "counter", `ends in its unit ${expected}`);
      assert.ok(!labels.includes("host"), "host is added when it is rendered");
      for (const label of labels) assert.match(label, /^[a-z][a-z0-9_]*$/);
      assert.match(help, /^[A-Z0-9].*\.$/);
    });
  }

  it("shows hours and percent in Datadog, base units elsewhere", () => {
    assert.equal(toDatadogUnit(metrics.snapshotAge, 5400), 1.5);
    assert.equal(toDatadogUnit(metrics.diskUsage, 0.25), 25);
    assert.equal(toDatadogUnit(metrics.backupDuration, 90), 90);
  });
});
