import type { Stack } from "../../model/alert/stack.ts";
import type { Dashboard, Section } from "../../model/dashboard/dashboard.ts";
import { heightOf, pageWidth, placesOf } from "../../model/dashboard/placement.ts";
import { byLastLine } from "../identity.ts";
import type { Body, Resource } from "../resource.ts";
import { widgetDefinition } from "./dashboard-widgets.ts";

/** How dashboards, which have no tags of their own, say whose they are: in the last line of their description. */
export const dashboardIdentity = byLastLine("description");

/** The dashboards of a stack as resources, each with the file of its definition. */
export function dashboardResources(dashboards: readonly Dashboard[], stack: Stack): readonly Resource[] {
  return dashboards.map((dashboard) => ({
    kind: "dashboard",
    id: dashboard.id,
    needs: linkedFrom(dashboard.sections(stack)),
    ...(dashboard.formerly === undefined ? {} : { formerly: dashboard.formerly }),
    body: bodyOf(dashboard, stack),
    file: `dashboards/${dashboard.id}.ts`,
  }));
}

/** A dashboard as the API takes it and as a person can import it: with the mark that says that it is ours. */
export function datadogDashboard(dashboard: Dashboard, stack: Stack): Body {
  return dashboardIdentity.write(bodyOf(dashboard, stack), { stack: stack.name, id: dashboard.id, applied: null });
}

function bodyOf({ title, summary, chosen, looksBack, sections }: Dashboard, stack: Stack): Body {
  let y = 0;
  const widgets = sections(stack).map((section): Body => {
    const { definition, height } = group(section, chosen);
    const layout = { x: 0, y, width: pageWidth, height };
    y += height;
    return { definition, layout };
  });
  return {
    title: `pantheros ${stack.name}: ${title.toLowerCase()}`,
    description: summary,
    layout_type: "ordered",
    reflow_type: "fixed",
    default_timeframe: { type: "live", unit: "day", value: Math.ceil(looksBack.value / 86_400) },
    template_variables: chosen.map((label) => ({ name: label, prefix: label, ...offered(label, stack) })),
    widgets,
  };
}

/** Every value there is; of a stack that names its hosts those, until its reader asks for others. */
function offered(label: string, { hosts }: Stack): Body {
  if (label !== "host" || hosts === undefined || !("only" in hosts)) return { defaults: ["*"], available_values: [] };
  return { defaults: [...hosts.only], available_values: [...hosts.only] };
}

/** A section with its title, as high as what is in it. */
function group({ title, widgets }: Section, chosen: readonly string[]): { definition: Body; height: number } {
  const places = placesOf(widgets);
  const inside = widgets.map((widget, index): Body => {
    const { x, y, width, height } = places[index] ?? { x: 0, y: 0, ...widget };
    return { definition: widgetDefinition(widget, chosen), layout: { x, y, width, height } };
  });
  const definition = { type: "group", title, layout_type: "ordered", show_title: true, widgets: inside };
  return { definition, height: heightOf(places) + 1 };
}

function linkedFrom(sections: readonly Section[]): readonly string[] {
  const linked = sections.flatMap(({ widgets }) =>
    widgets.flatMap((widget) => (widget.kind === "table" && widget.opens !== null ? [widget.opens] : [])),
  );
  return [...new Set(linked)];
}
