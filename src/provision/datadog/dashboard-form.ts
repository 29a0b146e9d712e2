import type { JsonValue } from "../../model/measurement.ts";
import { type Fields, normalForm, set, text } from "../normal-form.ts";
import { type Body, isBody } from "../resource.ts";
import { bareWidgets } from "./widget-ids.ts";

/** https://docs.datadoghq.com/api/latest/dashboards/ and what recorded answers add to what was sent, November 2026. */
export const dashboardFields: Fields = {
  title: { default: "", write: text },
  description: { default: "", write: text },
  layout_type: { default: "ordered" },
  reflow_type: { default: "auto" },
  default_timeframe: { default: null },
  // Old ways of the same: whoever may edit it. Absent, null and empty are one.
  is_read_only: { default: false },
  restricted_roles: { default: [], write: set },
  notify_list: { default: [], write: set },
  tags: { default: [], write: set },
  tabs: { default: [] },
  template_variables: { default: [], write: variables },
  template_variable_presets: { default: [] },
  widgets: { default: [], write: bareWidgets },
};

/** What a dashboard shows, written in one way. */
export function normalDashboard(body: Body): Body {
  return normalForm(body, dashboardFields);
}

/** `default` is the older word for a list of one, and nothing chosen is everything. */
function variables(value: JsonValue): JsonValue {
  if (!Array.isArray(value)) return value;
  return value.map((variable) => {
    if (!isBody(variable)) return variable;
    const { name = null, prefix = null, type = null } = variable;
    const values = variable["available_values"] ?? [];
    const defaults = variable["defaults"] ?? [variable["default"] ?? "*"];
    return { name, prefix, type, defaults, available_values: values };
  });
}
