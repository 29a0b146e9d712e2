/** What Datadog makes of monitors: the habits that its recorded answers show. */
export type Json = Record<string, unknown>;

export interface MonitorStore {
  readonly all: () => readonly Json[];
  readonly create: (sent: Json) => Reply;
  readonly update: (id: number, sent: Json) => Reply;
  readonly get: (id: number) => Reply;
  readonly remove: (id: number, force: boolean) => Reply;
  readonly canDelete: (ids: readonly number[]) => Reply;
  readonly validate: (sent: Json) => Reply;
  readonly list: (query: URLSearchParams) => Reply;
  /** As a person does in the UI. */
  readonly edit: (id: number, change: (monitor: Json) => void) => void;
}

export interface Reply {
  readonly status: number;
  readonly json: unknown;
}

const missing: Reply = { status: 404, json: { errors: ["Monitor not found"] } };
const bad = (message: string): Reply => ({ status: 400, json: { errors: [message] } });

export function createMonitors(firstId: number, organization: number): MonitorStore {
  const monitors = new Map<number, Json>();
  let nextId = firstId;
  let edits = 0;
  const stamp = () => {
    edits += 1;
    return new Date(Date.UTC(2026, 10, 21) + edits * 1000).toISOString().replace("Z", "000+00:00");
  };

  function problemOf(sent: Json): string | null {
    const { query, type, options } = sent;
    if (typeof query !== "string") return "Missing required parameter 'query'";
    if (type === "composite") {
      const unknown = (query.match(/\d+/g) ?? []).filter((id) => !monitors.has(Number(id)));
      return unknown.length === 0
        ? null
        : `The value provided for parameter 'query' is invalid: monitor ${unknown[0]} not found`;
    }
    if (!/[<>]=?\s*-?[\d.]/.test(query) && !/\.(last|by)\(/.test(query))
      return "The value provided for parameter 'query' is invalid: invalid operator specified: ";
    const { critical } = asJson(asJson(options)["thresholds"]);
    const judged = /[<>]=?\s*(-?[\d.]+(?:e[+-]?\d+)?)\s*$/i.exec(query)?.[1];
    if (typeof critical === "number" && judged !== undefined && Number(judged) !== critical)
      return `The value provided for parameter 'query' is invalid: critical threshold (${critical}) does not match that used in the query (${judged})`;
    return null;
  }

  function twinOf(sent: Json): number | null {
    const essence = (monitor: Json) => {
      const { thresholds, on_missing_data: missingData = "default" } = asJson(monitor["options"]);
      return JSON.stringify([monitor["name"], written(monitor["query"]), monitor["message"], thresholds, missingData]);
    };
    const twin = [...monitors.values()].find((monitor) => essence(monitor) === essence(sent));
    return twin === undefined ? null : (twin["id"] as number);
  }

  const referencesTo = (id: number) =>
    [...monitors.values()].filter(
      (monitor) => monitor["type"] === "composite" && String(monitor["query"]).match(/\d+/g)?.includes(String(id)),
    );

  return {
    all: () => [...monitors.values()],
    create(sent) {
      const problem = problemOf(sent);
      if (problem !== null) return bad(problem);
      const twin = twinOf(sent);
      if (twin !== null) return bad(`Duplicate of an existing monitor_id:${twin}`);
      const id = nextId;
      nextId += 1;
      const now = stamp();
      const monitor = {
        ...settled({ name: "", message: "", tags: [], priority: null, restricted_roles: null, ...sent }),
        id,
        org_id: organization,
        created_at: Date.parse(now),
        created: now,
        modified: now,
        deleted: null,
        restriction_policy: null,
        draft_status: sent["draft_status"] ?? "published",
        overall_state_modified: null,
        overall_state: "No Data",
        creator: { name: null, handle: "frog@example.com", email: "frog@example.com", id: 1 },
      };
      monitors.set(id, monitor);
      return { status: 200, json: monitor };
    },
    update(id, sent) {
      const old = monitors.get(id);
      if (old === undefined) return missing;
      // Fields stay where they are not sent; options are replaced as a whole.
      const merged = { ...old, ...sent };
      const problem = problemOf(merged);
      if (problem !== null) return bad(problem);
      const monitor = { ...merged, ...settled(merged), id, modified: stamp() };
      monitors.set(id, monitor);
      return { status: 200, json: monitor };
    },
    get: (id) => (monitors.has(id) ? { status: 200, json: monitors.get(id) } : missing),
    remove(id, force) {
      if (!monitors.has(id)) return missing;
      const users = referencesTo(id);
      if (users.length > 0 && !force)
        return bad(`monitor ${id} is referenced in composite monitors: ${users.map((user) => user["id"]).join(", ")}`);
      monitors.delete(id);
      return { status: 200, json: { deleted_monitor_id: id } };
    },
    canDelete(ids) {
      if (ids.some((id) => !monitors.has(id))) return missing;
      const errors = ids.flatMap((id) => {
        const users = referencesTo(id).map((user) => user["id"]);
        return users.length === 0
          ? []
          : [[String(id), [`monitor [${id}] is referenced in composite monitors: ${users.join(", ")}`]]];
      });
      const ok = ids.filter((id) => referencesTo(id).length === 0);
      return errors.length === 0
        ? { status: 200, json: { data: { ok }, errors: null } }
        : { status: 409, json: { data: { ok }, errors: Object.fromEntries(errors) } };
    },
    validate(sent) {
      const problem = problemOf(sent);
      return problem === null ? { status: 200, json: {} } : bad(problem);
    },
    list(query) {
      const states = query.get("group_states");
      if (states !== null && !/^(all|alert|warn|no data)(,|$)/.test(states)) return bad("Invalid group_state filters.");
      const tags = (query.get("monitor_tags") ?? "").split(",").filter((tag) => tag !== "");
      const found = [...monitors.values()].filter(({ tags: own }) =>
        tags.every((tag) => (own as string[]).includes(tag)),
      );
      const page = query.get("page");
      if (page === null) return { status: 200, json: found };
      const size = Math.min(Number(query.get("page_size") ?? 100), 1000);
      return { status: 200, json: found.slice(Number(page) * size, (Number(page) + 1) * size) };
    },
    edit(id, change) {
      const monitor = structuredClone(monitors.get(id)) as Json;
      change(monitor);
      monitors.set(id, { ...monitor, modified: stamp() });
    },
  };
}

/** Defaults filled in, tags in another order, the query and the type as Datadog writes them. */
function settled(sent: Json): Json {
  const { query, type, tags } = sent;
  const isMulti = /\bby\s*\{|\.by\(/.test(String(query)) && !/\.by\("\*"\)/.test(String(query));
  return {
    ...sent,
    type: type === "metric alert" ? "query alert" : type,
    query: written(query),
    tags: Array.isArray(tags) ? tags.toSorted().toReversed() : [],
    options: optionsOf(asJson(sent["options"]), String(type), String(query)),
    multi: isMulti,
  };
}

const logs = /^(log|rum|ci-pipelines|ci-tests|error-tracking|llm-observability) alert$/;

function optionsOf(sent: Json, type: string, query: string): Json {
  const options: Json = { ...sent };
  const { on_missing_data: missingData } = options;
  if (missingData === "default") delete options["on_missing_data"];
  if (missingData === undefined) options["notify_no_data"] ??= false;
  const window = /\(last_(\d+)m\):/.exec(query)?.[1];
  if (options["notify_no_data"] === true && window !== undefined) options["no_data_timeframe"] ??= 2 * Number(window);
  options["notify_audit"] ??= false;
  if (!("new_host_delay" in options)) options["new_host_delay"] = 300;
  options["include_tags"] ??= true;
  if (logs.test(type)) options["groupby_simple_monitor"] ??= false;
  options["silenced"] ??= {};
  const thresholds = Object.entries(asJson(options["thresholds"])).filter(([, value]) => value !== null);
  if (options["thresholds"] !== undefined) options["thresholds"] = Object.fromEntries(thresholds);
  return options;
}

const written = (query: unknown) => String(query).trim().replaceAll(/ {2,}/g, " ");

export function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
