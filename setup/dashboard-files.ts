import { dashboards } from "../dashboards/index.ts";
import { stacks } from "../monitors/stacks.ts";
import { datadogDashboard } from "../src/provision/datadog/dashboards.ts";
import { grafanaDashboard } from "../src/provision/grafana/dashboards.ts";
import { readableJson } from "../src/provision/readable-json.ts";

/** What is committed of the dashboards, so that a review shows what changes for who looks at them. */
export const dashboardFiles: readonly { readonly file: string; readonly content: () => string }[] = stacks.flatMap(
  (stack) =>
    dashboards.flatMap((dashboard) => [
      {
        file: `dashboards/generated/grafana/${stack.name}/${dashboard.id}.json`,
        content: () => readableJson(grafanaDashboard(dashboard, stack)),
      },
      {
        file: `dashboards/generated/datadog/${stack.name}/${dashboard.id}.json`,
        content: () => readableJson(datadogDashboard(dashboard, stack)),
      },
    ]),
);
