import { monitorFields } from "../datadog/monitor-form.ts";
import { monitorProblems } from "../datadog/monitor-rules.ts";
import { byTags } from "../identity.ts";
import { type Body, isBody } from "../resource.ts";
import { type Importable, type Rest, said, unknownIn } from "./importable.ts";

/** What the server says about a monitor, and takes from nobody. */
const told = new Set(
  [
    ["id", "org_id", "created", "created_at", "creator", "modified", "deleted", "multi", "matching_downtimes"],
    ["overall_state", "overall_state_modified", "state", "restricted", "run_as", "classification"],
  ].flat(),
);
/** The same among the options. */
const toldOptions = new Set(["avalanche_window"]);
const optionFields = monitorFields["options"]?.fields ?? {};

export const importableMonitor: Importable = {
  kind: "monitor",
  word: "monitors",
  title: "name",
  remoteId: /^\d+$/,
  remoteIdWords: "the monitor's number, or its address",
  exporting:
    "export one: in Datadog by Export Monitor, by the API (GET /api/v1/monitor), or as datadog_monitor by Terraform",
  shapeProblems(body) {
    const { name, type, query, options, message, deleted, id } = body;
    if (Array.isArray(body["widgets"])) return ["it is a dashboard: import it with pantheros dashboards import"];
    if (typeof name !== "string" || typeof type !== "string" || typeof query !== "string")
      return ["it is no monitor: name, type and query are not all there"];
    if (options === undefined && message === undefined) {
      const how = typeof id === "number" ? ` --id ${id}` : " by --id";
      return [`it is a result of a search, without message and options: import it whole with${how}`];
    }
    if (typeof deleted === "string") return ["it is deleted: nothing is there that could be ours"];
    return [];
  },
  ownPart(body) {
    const { options } = body;
    const { tags } = byTags.remove(body);
    return {
      ...said(body, monitorFields),
      ...(Array.isArray(tags) ? { tags } : {}),
      options: said(isBody(options) ? options : {}, optionFields),
    };
  },
  restOf,
  problems: (resource) => monitorProblems(resource, []),
};

/** What the table does not know: an update leaves fields as they are, but replaces the options as a whole. */
function restOf(body: Body): Rest {
  const options = isBody(body["options"]) ? body["options"] : {};
  const { silenced } = options;
  const mutedBy = isBody(silenced) && Object.keys(silenced).length > 0 ? ["options.silenced (who has muted it)"] : [];
  const inOptions = unknownIn(options, optionFields, toldOptions);
  return {
    left: [...unknownIn(body, monitorFields, told), ...mutedBy],
    lost: inOptions.filter((name) => name !== "silenced").map((name) => `options.${name}`),
  };
}
