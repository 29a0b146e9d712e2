import { asJson, type Json, type Reply } from "./monitors.ts";

export interface DowntimeStore {
  readonly all: () => readonly Json[];
  /** @param rest of the path: nothing, or an id */
  readonly route: (method: string, rest: string, sent: Json) => Reply;
}

const missing: Reply = { status: 404, json: { errors: ["Downtime not found"] } };

/** What Datadog makes of downtimes. */
export function createDowntimes(organization: number): DowntimeStore {
  const downtimes = new Map<number, Json>();

  function create(sent: Json): Reply {
    const { scope } = sent;
    if (!Array.isArray(scope) || scope.length === 0)
      return { status: 400, json: { errors: ["Invalid scope parameter"] } };
    const id = 50_000 + downtimes.size;
    const defaults = {
      monitor_id: null,
      timezone: "UTC",
      monitor_tags: ["*"],
      message: null,
      end: null,
      parent_id: null,
      child_id: null,
      updater_id: null,
      mute_first_recovery_notification: false,
      notify_end_types: ["expired"],
      notify_end_states: ["alert", "no data", "warn"],
    };
    const recurrence =
      sent["recurrence"] === undefined ? null : { until_occurrences: null, ...asJson(sent["recurrence"]) };
    const settled = {
      canceled: null,
      active: true,
      disabled: false,
      status: "active",
      downtime_type: 2,
      creator_id: 1,
    };
    downtimes.set(id, {
      ...defaults,
      ...sent,
      ...settled,
      recurrence,
      id,
      org_id: organization,
      modified: Number(sent["start"]),
    });
    return { status: 200, json: downtimes.get(id) };
  }

  return {
    all: () => [...downtimes.values()],
    route(method, rest, sent) {
      if (rest === "") return method === "POST" ? create(sent) : { status: 200, json: [...downtimes.values()] };
      const found = downtimes.get(Number(rest));
      if (found === undefined) return missing;
      if (method === "PUT") downtimes.set(Number(rest), { ...found, ...sent });
      if (method !== "DELETE") return { status: 200, json: downtimes.get(Number(rest)) };
      downtimes.set(Number(rest), {
        ...found,
        canceled: Number(found["start"]) + 1,
        active: false,
        disabled: true,
        status: "canceled",
      });
      return { status: 204, json: null };
    },
  };
}
