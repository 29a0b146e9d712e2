import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { alerts } from "../../monitors/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { datadogMonitors } from "../../src/provision/datadog/monitors.ts";
import { alertingRules } from "../../src/provision/prometheus/rules.ts";
import { serviceLevelRules } from "../../src/provision/prometheus/service-levels.ts";

const [stack] = stacks as readonly [(typeof stacks)[number]];
const page = readFileSync(join(import.meta.dirname, "../../docs/alerts.md"), "utf8");
/** Section → its text. */
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.split("\n")[0] ?? "", text]),
);
const levels = serviceLevelRules(stack).map(({ alert }) => alert);

describe("docs/alerts.md", () => {
  it("has every section in its table, those of service levels as well", () => {
    const rows = [...page.matchAll(/^\| \[`([\w-]+)`\]\(#\1\) \| \w/gm)].map(([, id]) => id);
    assert.deepEqual(rows, [...sections.keys()]);
    for (const { labels } of levels) assert.ok(rows.includes(labels["pantheros_id"] ?? ""));
  });

  it("says how to silence each alert alone, in Prometheus and in Datadog", () => {
    for (const { alert, labels } of [...alertingRules(alerts, stack), ...levels]) {
      const text = sections.get(labels["pantheros_id"] ?? "") ?? "";
      assert.match(text, new RegExp(`amtool silence add alertname=${alert} .*--duration 2h --comment WHY`), alert);
      assert.match(text, /^- Datadog: /m, alert);
    }
    for (const { id } of datadogMonitors(alerts, stack)) {
      const text = sections.get(id.replace(/\.\d+$/, "")) ?? "";
      assert.ok(text.includes(`\`pantheros_id:${id}\``), `${id}: no monitor is silenced by another's tag`);
    }
  });

  it("offers pantheros downtime where there is a job, and nowhere else", () => {
    const offered = (id: string) => sections.get(id)?.includes("pantheros downtime start JOB") ?? false;
    assert.deepEqual(["job-failed", "disk-usage", "host-silent", "repository-unreachable"].map(offered), [
      true,
      false,
      false,
      false,
    ]);
  });
});
