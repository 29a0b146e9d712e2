import type { JsonValue } from "../../model/measurement.ts";
import { dashboardFields, normalDashboard } from "../datadog/dashboard-form.ts";
import { dashboardIdentity } from "../datadog/dashboards.ts";
import { bareWidgets } from "../datadog/widget-ids.ts";
import { type Body, isBody } from "../resource.ts";
import { type Importable, said, unknownIn } from "./importable.ts";

/** What the server says about a dashboard, and takes from nobody. */
const told = new Set([
  ...["id", "url", "author_handle", "author_name", "created_at", "modified_at", "deleted_at"],
  ...["author_info", "integration_id", "is_shared", "popularity", "type"],
]);

export const importableDashboard: Importable = {
  kind: "dashboard",
  word: "dashboards",
  title: "title",
  remoteId: /^[a-z\d]{3}(?:-[a-z\d]{3}){2}$/,
  remoteIdWords: "the dashboard's id (abc-def-ghi), or its address",
  exporting:
    "export one: in Datadog by Export dashboard JSON, by the API (GET /api/v1/dashboard/ID), or as datadog_dashboard_json by Terraform",
  shapeProblems({ title, widgets, layout_type: layout, query, id }) {
    if (typeof query === "string") return ["it is a monitor: import it with pantheros monitors import"];
    if (typeof title !== "string") return ["it is no dashboard: it has no title"];
    if (!Array.isArray(widgets)) {
      const how = typeof id === "string" ? `--id ${id}` : "--id";
      return [`it is a line of a listing, without widgets: import it whole by ${how}`];
    }
    const strange = widgets.findIndex((widget) => !isBody(widget) || !isBody(widget["definition"]));
    if (strange !== -1) return [`widgets[${strange}] is no widget: it has no definition`];
    return typeof layout === "string" ? [] : ["it is no dashboard: it has no layout_type"];
  },
  /** Without the widgets' ids, which are the server's, and with variables written the one way that the API takes. */
  ownPart(body) {
    const bare = dashboardIdentity.remove(body);
    const own: Record<string, JsonValue> = {
      ...said(bare, dashboardFields),
      layout_type: bare["layout_type"] ?? null,
      widgets: bareWidgets(bare["widgets"] ?? []),
    };
    const { template_variables: variables } = normalDashboard(body);
    if (Array.isArray(variables)) own["template_variables"] = variables.map(withoutNulls);
    if (own["description"] === "") delete own["description"];
    // Old words for who may edit it; Datadog says false and takes nothing.
    if (own["is_read_only"] === false) delete own["is_read_only"];
    return own;
  },
  /** An update replaces a dashboard as a whole. */
  restOf: (body) => ({ left: [], lost: unknownIn(body, dashboardFields, told) }),
  problems: () => [],
};

function withoutNulls(value: JsonValue): JsonValue {
  if (!isBody(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inside]) => inside !== null)) satisfies Body;
}
