import { asJson, type Json, type Reply } from "./monitors.ts";

export interface DashboardStore {
  readonly all: () => readonly Json[];
  readonly route: (method: string, rest: string, query: URLSearchParams, sent: Json) => Reply;
  /** As a person does in the UI. */
  readonly edit: (id: string, change: (dashboard: Json) => unknown) => void;
}

const bad = (message: string): Reply => ({ status: 400, json: { errors: [message] } });
const listed = [
  ...["id", "title", "description", "layout_type", "url", "is_read_only", "created_at", "modified_at", "author_handle"],
] as const;

/** What Datadog makes of dashboards: the habits that its recorded answers show. */
export function createDashboards(): DashboardStore {
  const dashboards = new Map<string, Json>();
  let made = 0;
  let widgets = 6_949_738_169_108_000;
  let edits = 0;
  const stamp = () => {
    edits += 1;
    return new Date(Date.UTC(2026, 10, 21) + edits * 1000).toISOString().replace("Z", "000+00:00");
  };

  /** Every widget has an id, also those in groups; one that the dashboard has already is kept. */
  function numbered(sent: unknown, known: ReadonlySet<unknown>): unknown {
    if (!Array.isArray(sent)) return sent;
    return sent.map(asJson).map(({ id, ...widget }) => {
      widgets += 1;
      const definition = asJson(widget["definition"]);
      const inside =
        "widgets" in definition ? { ...definition, widgets: numbered(definition["widgets"], known) } : definition;
      return { ...widget, definition: inside, id: known.has(id) ? id : widgets };
    });
  }

  function write(id: string, sent: Json): Reply {
    const problem = problemOf(sent);
    if (problem !== null) return bad(problem);
    const old = asJson(dashboards.get(id));
    const now = stamp();
    dashboards.set(id, {
      is_read_only: false,
      restricted_roles: [],
      template_variables: null,
      notify_list: null,
      description: null,
      ...sent,
      widgets: numbered(sent["widgets"], new Set(idsIn(old["widgets"]))),
      id,
      url: `/dashboard/${id}/${String(sent["title"]).toLowerCase().replaceAll(/\W+/g, "-")}`,
      author_handle: "frog@example.com",
      author_name: null,
      created_at: old["created_at"] ?? now,
      modified_at: now,
    });
    return { status: 200, json: dashboards.get(id) };
  }

  function list(query: URLSearchParams): Reply {
    const [count, start] = [Number(query.get("count") ?? 100), Number(query.get("start") ?? 0)];
    const page = [...dashboards.values()].slice(start, start + count);
    const summary = (dashboard: Json) => ({
      ...Object.fromEntries(listed.map((name) => [name, dashboard[name]])),
      deleted_at: null,
    });
    return { status: 200, json: { dashboards: page.map(summary) } };
  }

  return {
    all: () => [...dashboards.values()],
    route(method, rest, query, sent) {
      if (rest === "") {
        if (method === "GET") return list(query);
        made += 1;
        return write(`fak-${made.toString(36).padStart(3, "e")}-abc`, sent);
      }
      if (!dashboards.has(rest)) return { status: 404, json: { errors: [`Dashboard with ID ${rest} not found`] } };
      if (method === "GET") return { status: 200, json: dashboards.get(rest) };
      if (method === "PUT") return write(rest, sent);
      dashboards.delete(rest);
      return { status: 200, json: { deleted_dashboard_id: rest } };
    },
    edit(id, change) {
      const edited = structuredClone(asJson(dashboards.get(id)));
      change(edited);
      dashboards.set(id, { ...edited, modified_at: stamp() });
    },
  };
}

/** Every widget's id, also of those in groups. */
export function idsIn(widgets: unknown): readonly unknown[] {
  if (!Array.isArray(widgets)) return [];
  return widgets.map(asJson).flatMap(({ id, definition }) => [id, ...idsIn(asJson(definition)["widgets"])]);
}

function problemOf({ title, tags, widgets, template_variables: variables }: Json): string | null {
  if (typeof title !== "string") return "Missing required parameter 'title'";
  if (!Array.isArray(widgets)) return "Missing required parameter 'widgets'";
  if (Array.isArray(tags) && tags.some((tag) => !String(tag).startsWith("team:")))
    return "Invalid tag format. Valid tag keys are: team.";
  for (const { default: one, defaults } of Array.isArray(variables) ? variables.map(asJson) : []) {
    if (one !== undefined && one !== null && defaults !== undefined) return "'template_variables' is invalid";
    if (Array.isArray(defaults) && defaults.includes("")) return "Minimum length of parameter 'defaults' should be 1";
  }
  return null;
}
