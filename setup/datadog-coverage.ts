import { dashboards } from "../dashboards/index.ts";
import { alerts } from "../monitors/index.ts";
import { exampleStack } from "../monitors/stacks.ts";
import { datadogDashboard } from "../src/provision/datadog/dashboards.ts";
import { monitorFields } from "../src/provision/datadog/monitor-form.ts";
import { datadogMonitors } from "../src/provision/datadog/monitors.ts";
import { sloResources } from "../src/provision/datadog/slo-resources.ts";
import { type Body, isBody } from "../src/provision/resource.ts";

/** How far pantheros goes with something of Datadog: it makes it, keeps what others have made, leaves it alone, or does not touch what has it. */
export type Coverage = "rendered" | "imported" | "left" | "refused";

/** What Datadog's API has, https://docs.datadoghq.com/api/latest/ of November 2026, without what pantheros renders. */
const monitorTypes = [
  ...["audit alert", "ci-pipelines alert", "ci-tests alert", "composite", "cost alert", "data-jobs alert"],
  ...["data-quality alert", "database-monitoring alert", "error-tracking alert", "event alert", "event-v2 alert"],
  ...["llm-observability alert", "log alert", "metric alert", "network-path alert", "network-performance alert"],
  ...["process alert", "rum alert", "service check", "slo alert", "synthetics alert", "trace-analytics alert"],
];
const widgetTypes = [
  ...["alert_graph", "alert_value", "bar_chart", "change", "check_status", "cohort", "distribution", "event_stream"],
  ...["event_timeline", "free_text", "funnel", "geomap", "heatmap", "hostmap", "iframe", "image", "list_stream"],
  ...["log_stream", "manage_status", "point_plot", "powerpack", "retention_curve", "run_workflow", "sankey"],
  ...["scatterplot", "servicemap", "slo", "slo_list", "split_group", "sunburst", "topology_map", "trace_service"],
  ...["treemap", "wildcard"],
];
/** Of Synthetic tests; the first update would drop them. */
const refusedOptions = ["device_ids"];
/** Who has muted a monitor shall find it muted. */
const leftOptions = ["silenced"];

const monitors = datadogMonitors(alerts, exampleStack).map(({ body }) => body);
const pages = dashboards.map((dashboard) => datadogDashboard(dashboard, exampleStack));

export const monitorCoverage = covered(
  monitors.map(({ type }) => type),
  monitorTypes,
);
export const optionCoverage = covered(
  monitors.flatMap(({ options }) => Object.keys(options)),
  Object.keys(monitorFields["options"]?.fields ?? {}),
  leftOptions,
  refusedOptions,
);
/** `note` is what a text of a dashboard becomes; none of those that are shipped has one. */
export const widgetCoverage = covered([...pages.flatMap(typesIn), "note"], widgetTypes);
export const sloCoverage = covered(
  sloResources(exampleStack).map(({ body }) => String(body["type"])),
  [],
  ["monitor"],
);

function covered(
  rendered: readonly string[],
  imported: readonly string[],
  left: readonly string[] = [],
  refused: readonly string[] = [],
): ReadonlyMap<string, Coverage> {
  const all: readonly (readonly [string, Coverage])[] = [
    ...refused.map((name) => [name, "refused"] as const),
    ...left.map((name) => [name, "left"] as const),
    ...imported.map((name) => [name, "imported"] as const),
    ...rendered.map((name) => [name, "rendered"] as const),
  ];
  return new Map(all.toSorted(([a], [b]) => (a < b ? -1 : a === b ? 0 : 1)));
}

function typesIn({ widgets }: Body): readonly string[] {
  if (!Array.isArray(widgets)) return [];
  return widgets.filter(isBody).flatMap(({ definition }) => {
    const own = isBody(definition) ? definition : {};
    return [String(own["type"]), ...typesIn(own)];
  });
}
