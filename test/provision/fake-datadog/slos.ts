import { asJson, type Json, type Reply } from "./monitors.ts";

export interface SloStore {
  readonly all: () => readonly Json[];
  readonly route: (method: string, rest: string, query: URLSearchParams, sent: Json) => Reply;
  /** As a person does in the UI. */
  readonly edit: (id: string, change: (slo: Json) => unknown) => void;
}

const bad = (message: string): Reply => ({ status: 400, json: { errors: [message] } });

/** What Datadog makes of SLOs. @param hasMonitor whether there is a monitor of this number */
export function createSlos(hasMonitor: (id: number) => boolean): SloStore {
  const slos = new Map<string, Json>();
  let made = 0;
  const types: Readonly<Record<string, number>> = { monitor: 0, metric: 1, time_slice: 2 };
  let time = 1_700_000_000;

  function settled(sent: Json): Json {
    const given = Array.isArray(sent["thresholds"]) ? sent["thresholds"].map(asJson) : [];
    const thresholds = given.map(({ timeframe, target, warning }) => ({
      timeframe,
      target,
      target_display: `${String(target)}.`,
      ...(warning === undefined ? {} : { warning, warning_display: `${String(warning)}.` }),
    }));
    const [first] = given;
    const slice = asJson(asJson(sent["sli_specification"])["time_slice"]);
    return {
      name: sent["name"],
      tags: Array.isArray(sent["tags"]) ? sent["tags"].toSorted() : [],
      monitor_tags: [],
      thresholds,
      type: sent["type"],
      type_id: types[String(sent["type"])],
      description: sent["description"] ?? "",
      timeframe: first?.["timeframe"],
      ...(first?.["warning"] === undefined ? {} : { warning_threshold: first["warning"] }),
      target_threshold: first?.["target"],
      ...(sent["query"] === undefined ? {} : { query: sent["query"] }),
      ...(sent["type"] === "time_slice"
        ? { sli_specification: { time_slice: { query_interval_seconds: 300, ...slice } } }
        : {}),
      ...(sent["type"] === "monitor" ? { monitor_ids: sent["monitor_ids"] } : {}),
      ...(Array.isArray(sent["groups"]) ? { groups: sent["groups"] } : {}),
      creator: { name: null, handle: "frog@example.com", email: "frog@example.com" },
    };
  }

  function write(id: string, sent: Json): Reply {
    if (sent["type"] === "monitor") {
      if (!Array.isArray(sent["monitor_ids"])) return bad("Invalid payload: must specify monitor_ids");
      const missing = sent["monitor_ids"].filter((monitor: unknown) => !hasMonitor(Number(monitor)));
      if (missing.length > 0) return bad(`Invalid payload: monitors not found: ${missing.join(", ")}`);
    }
    time += 1;
    slos.set(id, { id, ...settled(sent), created_at: asJson(slos.get(id))["created_at"] ?? time, modified_at: time });
    return { status: 200, json: { data: [slos.get(id)], error: null } };
  }

  return {
    all: () => [...slos.values()],
    route(method, rest, query, sent) {
      if (rest === "" && method === "POST") {
        made += 1;
        return write(`${"0".repeat(28)}${made + 1000}`, sent);
      }
      if (rest === "can_delete") return { status: 200, json: { data: { ok: (query.get("ids") ?? "").split(",") } } };
      if (rest === "") {
        const [limit, offset] = [Number(query.get("limit") ?? 1000), Number(query.get("offset") ?? 0)];
        const total = slos.size;
        const tag = query.get("tags_query");
        const found = [...slos.values()].filter(
          ({ id, tags }) =>
            (query
              .get("ids")
              ?.split(",")
              .includes(id as string) ??
              true) &&
            (tag === null || (tags as string[]).includes(tag)),
        );
        // As recorded: the filtered ones are never told to be more than a page.
        const page = { total_count: total, total_filtered_count: Math.min(limit, found.length) };
        const metadata = query.has("limit") ? { metadata: { page } } : {};
        return { status: 200, json: { data: found.slice(offset, offset + limit), error: null, ...metadata } };
      }
      if (!slos.has(rest)) return { status: 404, json: { errors: [`SLO ${rest} not found`] } };
      if (method === "PUT") return write(rest, sent);
      if (method === "GET") return { status: 200, json: { data: slos.get(rest), error: null } };
      slos.delete(rest);
      return { status: 200, json: { data: [rest], error: null } };
    },
    edit(id, change) {
      const edited = structuredClone(asJson(slos.get(id)));
      change(edited);
      time += 1;
      slos.set(id, { ...edited, modified_at: time });
    },
  };
}
