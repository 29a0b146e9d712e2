import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { dashboards } from "../../dashboards/index.ts";
import { alerts } from "../../monitors/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { dashboardFiles } from "../../setup/dashboard-files.ts";
import { type AnyExpression, type Current, hasLabel } from "../../src/model/alert/expression.ts";
import { type Dashboard, metricsShown } from "../../src/model/dashboard/dashboard.ts";
import type { Judgement } from "../../src/model/dashboard/judgement.ts";
import { pageWidth } from "../../src/model/dashboard/placement.ts";
import type { Widget } from "../../src/model/dashboard/widget.ts";
import { shownColumns } from "../../src/provision/datadog/dashboard-widgets.ts";

const root = join(import.meta.dirname, "../..");
const [stack] = stacks as readonly [(typeof stacks)[number]];
const widgetsOf = (dashboard: Dashboard) => dashboard.sections(stack).flatMap(({ widgets }) => widgets);

/** What alerts judge as it is now: a metric, what of it, and its levels. */
const thresholds = alerts
  .map((alert) => alert.condition(stack))
  .flatMap((condition) => (condition.kind === "either" ? condition.of : [condition]))
  .flatMap((condition) =>
    condition.kind === "threshold" && condition.value.kind === "current" ? [{ ...condition, of: condition.value }] : [],
  );
const isSame = (one: Current, other: Current) =>
  one.metric === other.metric && JSON.stringify(one.where) === JSON.stringify(other.where);

function judgedIn(widget: Widget): readonly { title: string; value: AnyExpression; judgement: Judgement | null }[] {
  const of = ({ title, value }: { title: string; value: AnyExpression }, judgement: Judgement | null) => ({
    ...{ title: `${widget.title}: ${title}`, value, judgement },
  });
  if (widget.kind === "table") return widget.columns.map((column) => of(column, column.judgement));
  if (widget.kind === "timeseries") return widget.lines.map(({ value }) => of({ title: "", value }, widget.judgement));
  return "value" in widget ? [of(widget, widget.judgement)] : [];
}

describe("dashboards/", () => {
  it("has one file for each that is registered, under its id", () => {
    const files = readdirSync(join(root, "dashboards")).filter((name) => name.endsWith(".ts") && name !== "index.ts");
    assert.deepEqual(dashboards.map(({ id }) => `${id}.ts`).sort(), files.sort());
  });

  it("has the four of the seeds, and those of a job and of the objectives", () => {
    const ids = ["backup-cost", "failure-trend", "host-overview", "job-detail", "objectives", "storage-over-time"];
    assert.deepEqual(dashboards.map(({ id }) => id).sort(), ids);
  });

  it("shares no id with the alerts: links name both in the same way", () => {
    const ids = new Set(alerts.map(({ id }) => id));
    assert.deepEqual(
      dashboards.filter(({ id }) => ids.has(id)),
      [],
    );
  });

  it("is committed as it is rendered: npm run generate", () => {
    for (const { file, content } of dashboardFiles)
      assert.equal(readFileSync(join(root, file), "utf8"), content(), file);
    const committed = readdirSync(join(root, "dashboards/generated"), { recursive: true, withFileTypes: true });
    assert.equal(committed.filter((entry) => entry.isFile()).length, dashboardFiles.length, "nothing else is there");
  });

  for (const dashboard of dashboards) {
    describe(dashboard.id, () => {
      const widgets = widgetsOf(dashboard);

      it("is linked to by its id where its title is a heading", () => {
        assert.equal(dashboard.title.toLowerCase().replaceAll(" ", "-"), dashboard.id);
      });

      it("chooses by labels that some of its metrics have", () => {
        for (const label of dashboard.chosen)
          assert.ok(
            widgets.flatMap(metricsShown).some((metric) => hasLabel(metric, label)),
            label,
          );
      });

      it("says of each widget what it tells, and shows it within the page", () => {
        for (const widget of widgets) {
          assert.ok(widget.width <= pageWidth, widget.title);
          if (widget.kind !== "text") assert.match(widget.tells, /\.$/, widget.title);
        }
        const titles = widgets.map(({ title }) => title);
        assert.deepEqual([...new Set(titles)], titles, "no title twice");
      });

      it("sorts tables by what every system can show", () => {
        for (const widget of widgets) {
          if (widget.kind !== "table") continue;
          assert.equal(shownColumns(widget)[0], widget.columns[0], widget.title);
          const titles = widget.columns.map(({ title }) => title);
          assert.equal(new Set(titles).size, titles.length, widget.title);
        }
      });

      it("leads to dashboards that can choose what is in the row", () => {
        for (const widget of widgets) {
          if (widget.kind !== "table" || widget.opens === null) continue;
          const target = dashboards.find(({ id }) => id === widget.opens);
          assert.deepEqual(
            widget.by.filter((label) => !target?.chosen.some((chosen) => chosen === label)),
            [],
            widget.title,
          );
        }
      });

      it("colours what an alert judges as the alert does", () => {
        for (const { title, value, judgement } of widgets.flatMap(judgedIn)) {
          if (judgement === null || value.kind !== "current") continue;
          for (const { of, is, levels } of thresholds.filter(({ of }) => isSame(of, value))) {
            assert.equal(judgement.is, is, title);
            assert.deepEqual(
              { ...levels, ...judgement.levels },
              { ...judgement.levels, ...levels },
              `${title}: ${of.metric}`,
            );
            assert.equal(judgement.levels.critical, levels.critical, title);
          }
        }
      });

      it("judges as the alerts of the stack do", () => {
        const stricter = { ...stack, thresholds: { ...stack.thresholds, diskUsage: { unit: "ratio", value: 0.123 } } };
        const shown = JSON.stringify(dashboard.sections(stricter as typeof stack));
        const showsDisks = widgets.some((widget) => metricsShown(widget).includes("diskUsage"));
        assert.equal(shown.includes("0.123"), showsDisks);
      });
    });
  }
});
