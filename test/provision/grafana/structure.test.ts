import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as published from "@grafana/grafana-foundation-sdk/units";
import { dashboards } from "../../../dashboards/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import { grafanaDashboard } from "../../../src/provision/grafana/dashboards.ts";

/** What no type says of a dashboard: how its parts refer to one another, https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
interface Page {
  readonly uid: string;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query?: unknown;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly gridPos: Place;
  readonly datasource?: Source;
  readonly targets?: readonly { readonly refId: string; readonly datasource?: Source; readonly expr: string }[];
  readonly transformations?: readonly { readonly id: string; readonly options: Readonly<Record<string, unknown>> }[];
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string };
    readonly overrides: readonly { readonly properties: readonly { readonly id: string; readonly value: unknown }[] }[];
  };
}

interface Source {
  readonly type?: string;
  readonly uid?: string;
}

/** The width of Grafana's page. */
const columns = 24;
const units = new Set<unknown>(Object.values(published));
/** Of Grafana's own (packages/grafana-data, transformations/transformers/ids.ts), those that are written here. */
const transformations = ["merge", "organize"];
/** What Grafana sets by itself: what a link was followed from, and the choice of everything. */
const builtIn = ["__data", "__url_time_range", "__all"];

const pages = stacks.flatMap((stack) =>
  dashboards.map((each) => {
    const page: Page = JSON.parse(JSON.stringify(grafanaDashboard(each, stack)));
    return [`${stack.name}: ${each.id}`, page] as const;
  }),
);

/** `$host`, `${datasource}`, `${__data.fields["host"]:queryparam}` → `host`, `datasource`, `__data`. */
const variablesIn = (text: string) => [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name]) => name ?? "");

const share = (a: Place, b: Place) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

for (const [name, page] of pages) {
  describe(`the dashboard ${name}`, () => {
    const { panels, templating } = page;

    it("has panels of different ids, each inside the page, none over another", () => {
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
      for (const { title, gridPos } of panels) {
        const { x, y, w, h } = gridPos;
        assert.ok([x, y, w, h].every(Number.isInteger), title);
        assert.ok(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= columns, `${title}: ${JSON.stringify(gridPos)}`);
      }
      for (const [index, panel] of panels.entries())
        for (const other of panels.slice(index + 1))
          assert.ok(!share(panel.gridPos, other.gridPos), `${panel.title} lies over ${other.title}`);
    });

    it("asks each question by a name of its own, of the data source that is chosen", () => {
      for (const { title, targets = [], datasource } of panels) {
        assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
        for (const target of targets) {
          assert.match(target.refId, /^[A-Z]+$/);
          const source = target.datasource ?? datasource;
          assert.deepEqual(source, { type: "prometheus", uid: "$" + "{datasource}" }, title);
        }
      }
    });

    it("has every variable that it uses, and uses every one that it has", () => {
      const names = templating.list.map((variable) => variable.name);
      assert.equal(new Set(names).size, names.length);
      const used = new Set(variablesIn(JSON.stringify(page)));
      for (const each of used) assert.ok([...names, ...builtIn].includes(each), each);
      for (const each of names) assert.ok(used.has(each), `nothing is chosen by ${each}`);
      assert.deepEqual(
        templating.list.filter(({ type }) => type === "datasource").map(({ query }) => query),
        ["prometheus"],
      );
      // A variable's own query may use those that stand before it.
      for (const [index, variable] of templating.list.entries())
        for (const each of variablesIn(JSON.stringify(variable.query)))
          assert.ok(names.slice(0, index).includes(each), each);
    });

    it("shows units that Grafana knows", () => {
      for (const { title, fieldConfig } of panels) {
        const { defaults, overrides = [] } = fieldConfig ?? { defaults: {} };
        const properties = overrides.flatMap((override) => override.properties);
        const own = properties.filter(({ id }) => id === "unit").map(({ value }) => value);
        for (const unit of [...(defaults.unit === undefined ? [] : [defaults.unit]), ...own])
          assert.ok(units.has(unit), `${title}: ${unit}`);
      }
    });

    it("names in its tables columns that there are, by transformations that Grafana has", () => {
      for (const { title, targets = [], transformations: steps = [] } of panels) {
        for (const { id, options } of steps) {
          assert.ok(transformations.includes(id), id);
          for (const column of Object.keys(options["renameByName"] ?? {})) {
            const [, refId] = /^Value #(\w+)$/.exec(column) ?? [];
            if (refId !== undefined)
              assert.ok(
                targets.some((target) => target.refId === refId),
                `${title}: ${column}`,
              );
          }
        }
      }
    });
  });
}

it("dashboards of all stacks have addresses of their own", () => {
  const ids = pages.map(([, { uid }]) => uid);
  assert.equal(new Set(ids).size, ids.length);
});
