import {
  DashboardBuilder,
  DashboardCursorSync,
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { hasLabel, selectingHosts } from "../../model/alert/expression.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { type Dashboard, metricsShown } from "../../model/dashboard/dashboard.ts";
import { heightOf, placesOf } from "../../model/dashboard/placement.ts";
import type { Widget } from "../../model/dashboard/widget.ts";
import { metrics } from "../../model/metrics.ts";
import { hashOf } from "../hash.ts";
import { promqlDuration, selector } from "../prometheus/promql.ts";
import { bars, single, states, text, timeseries } from "./panels.ts";
import { datasource } from "./query.ts";
import { table } from "./table.ts";

/** Grafana's page has twice as many columns as ours; a row of ours is as high as two of its own. */
const columnWidth = 2;
const rowHeight = 2;
const longestUid = 40;

/** A dashboard as Grafana provisions it from a file. */
export function grafanaDashboard(dashboard: Dashboard, stack: Stack) {
  const { id, title, summary, chosen, looksBack } = dashboard;
  const page = new DashboardBuilder(`pantheros ${stack.name}: ${title.toLowerCase()}`)
    .uid(grafanaUid(id, stack))
    .description(summary)
    .tags(["pantheros", stack.name])
    .time({ from: `now-${promqlDuration(looksBack.value)}`, to: "now" })
    .timezone("browser")
    .refresh("1m")
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .link({ build: () => linkToOthers(stack) })
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"));
  for (const label of chosen) page.withVariable(variable(label, dashboard, stack));
  addSections(page, dashboard, stack);
  return page.build();
}

/** What a dashboard is known by in Grafana: at most 40 characters, as Grafana has it. */
export function grafanaUid(id: string, { name }: Stack): string {
  const uid = `pantheros-${name}-${id}`;
  return uid.length <= longestUid ? uid : `${uid.slice(0, longestUid - 13)}-${hashOf(uid)}`;
}

/** A list of the other dashboards of the stack, with what is chosen here; beside the choices, not in a menu that nobody opens. */
function linkToOthers({ name }: Stack): DashboardLink {
  const { placement, ...link } = new DashboardLinkBuilder("pantheros")
    .type(DashboardLinkType.Dashboards)
    .tags(["pantheros", name])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true)
    .build();
  return link;
}

function addSections(page: DashboardBuilder, { chosen, sections }: Dashboard, stack: Stack): void {
  const pathOf = (id: string) => `/d/${grafanaUid(id, stack)}`;
  let [y, panelId] = [0, 1];
  for (const { title, widgets } of sections(stack)) {
    page.withRow(new RowBuilder(title).id(panelId).gridPos({ x: 0, y, w: 24, h: 1 }));
    const places = placesOf(widgets);
    for (const [index, widget] of widgets.entries()) {
      panelId += 1;
      const { x, y: row, width, height } = places[index] ?? { x: 0, y: 0, ...widget };
      const position = {
        x: x * columnWidth,
        y: y + 1 + row * rowHeight,
        w: width * columnWidth,
        h: height * rowHeight,
      };
      const panel = { ...panelOf(widget, chosen, pathOf), id: panelId, gridPos: position };
      page.withPanel({ build: () => panel });
    }
    y += 1 + heightOf(places) * rowHeight;
    panelId += 1;
  }
}

function panelOf(widget: Widget, chosen: readonly string[], pathOf: (id: string) => string): Panel {
  const panel = builderOf(widget, chosen, pathOf);
  if (widget.kind === "text") return panel.build();
  return panel.title(widget.title).description(widget.tells).datasource(datasource).build();
}

function builderOf(widget: Widget, chosen: readonly string[], pathOf: (id: string) => string) {
  switch (widget.kind) {
    case "single":
      return single(widget, chosen);
    case "bars":
      return bars(widget, chosen);
    case "timeseries":
      return timeseries(widget, chosen);
    case "states":
      return states(widget, chosen);
    case "table":
      return table(widget, chosen, pathOf);
    case "text":
      return text(widget);
  }
}

/**
 * A choice of the values of a label, narrowed down by the host that is chosen; everything at first. "All" is everything, also what has no
 * such label any more; of a stack that is about some hosts only it is these.
 */
function variable(label: string, { chosen, sections }: Dashboard, stack: Stack): QueryVariableBuilder {
  const shown = sections(stack).flatMap(({ widgets }) => widgets.flatMap(metricsShown));
  const metric = label === "host" ? "buildInfo" : shown.find((name) => hasLabel(name, label));
  if (metric === undefined) throw new Error(`no metric of the dashboard has the label ${label}`);
  const isHost = label === "host";
  const { where, without } = selectingHosts(isHost ? stack.hosts : undefined, { where: {}, without: {} });
  const narrowing = !isHost && chosen.includes("host") ? ["host"] : [];
  const query = `label_values(${selector(metrics[metric].prometheus, { where, without, chosen: narrowing })}, ${label})`;
  const choice = new QueryVariableBuilder(label)
    .label(label.slice(0, 1).toUpperCase() + label.slice(1))
    .datasource(datasource)
    .query({ query, refId: label })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true);
  if (!isHost || stack.hosts === undefined) choice.allValue(".*");
  return choice.current({ selected: true, text: ["All"], value: ["$__all"] });
}
