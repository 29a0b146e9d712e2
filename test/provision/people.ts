import { byLastLine, byTags, type Identity } from "../../src/provision/identity.ts";
import type { Body, Kind } from "../../src/provision/resource.ts";
import { asJson, type Json } from "./fake-datadog/monitors.ts";
import type { FakeDatadog } from "./fake-datadog/server.ts";
import { monitor, stackName } from "./stage.ts";

/** What people do to resources of a kind, past us. */
export interface Hand {
  readonly identity: Identity;
  readonly all: () => readonly Json[];
  /** @returns what was made of it */
  readonly make: (body: Json) => Json;
  readonly edit: (it: Json, change: (it: Json) => unknown) => void;
  readonly remove: (it: Json) => void;
  /** The word that the UI puts behind the name of a copy. */
  readonly rename: (it: Json) => Json;
}

export const heldKinds = ["monitor", "slo", "dashboard"] as const satisfies readonly Kind[];
export type HeldKind = (typeof heldKinds)[number];

export function handsOf({ monitors, slos, dashboards }: FakeDatadog): Readonly<Record<HeldKind, Hand>> {
  const none = new URLSearchParams();
  return {
    monitor: {
      identity: byTags,
      all: monitors.all,
      make: (body) => asJson(monitors.create(body).json),
      edit: ({ id }, change) => monitors.edit(Number(id), (it) => void change(it)),
      remove: ({ id }) => void monitors.remove(Number(id), true),
      rename: (it) => ({ ...it, name: `${it["name"]} (copy)` }),
    },
    slo: {
      identity: byTags,
      all: slos.all,
      // The clone of one whose monitor is gone is refused, and nothing is made.
      make(body) {
        const { data } = asJson(slos.route("POST", "", none, body).json);
        return asJson(Array.isArray(data) ? data[0] : {});
      },
      edit: ({ id }, change) => slos.edit(String(id), change),
      remove: ({ id }) => void slos.route("DELETE", String(id), none, {}),
      rename: (it) => ({ ...it, name: `${it["name"]} (copy)` }),
    },
    dashboard: {
      identity: byLastLine("description"),
      all: dashboards.all,
      make: (body) => asJson(dashboards.route("POST", "", none, body).json),
      edit: ({ id }, change) => dashboards.edit(String(id), change),
      remove: ({ id }) => void dashboards.route("DELETE", String(id), none, {}),
      rename: (it) => ({ ...it, title: `${it["title"]} (cloned)` }),
    },
  };
}

const set = (change: Json) => (it: Json) => Object.assign(it, change);
const option = (change: Json) => (it: Json) => Object.assign(it, { options: { ...asJson(it["options"]), ...change } });
const tagged = (it: Json) => Object.assign(it, { tags: [...(it["tags"] as string[]), "team:b"] });
const shuffled = (it: Json) => Object.assign(it, { tags: (it["tags"] as string[]).toReversed() });
const widgetsOf = (it: Json) => it["widgets"] as Json[];

/** Takes all of our mark away, in the way that a person does who does not know what it is. */
export function unmark(it: Json): void {
  if (Array.isArray(it["tags"])) it["tags"] = it["tags"].filter((tag) => !/^(managed_by|pantheros_)/.test(String(tag)));
  if (typeof it["description"] === "string") it["description"] = it["description"].replaceAll(/^managed_by:.*$/gm, "");
}

/** What a person edits in the UI, and what the UI adds to it unasked. */
export const edits: Readonly<Record<HeldKind, Readonly<Record<string, (it: Json) => unknown>>>> = {
  monitor: {
    message: (it) => Object.assign(it, { message: `${it["message"]} – ask me first\r\n` }),
    name: set({ name: "renamed" }),
    priority: set({ priority: 5 }),
    roles: set({ restricted_roles: ["r"] }),
    draft: set({ draft_status: "draft" }),
    tag: tagged,
    order: shuffled,
    unmarked: unmark,
    space: (it) =>
      Object.assign(it, { query: String(it["query"]).replace(":max:", ": max:").replaceAll(/ ?> ?/g, "  >") }),
    mute: option({ silenced: { "*": null } }),
    repeat: option({ renotify_interval: 90, renotify_statuses: ["alert"] }),
    saved: (it) => {
      option({ groupby_simple_monitor: false, timeout_h: null, notify_no_data: false })(it);
      set({ restriction_query: null })(it);
    },
    level: (it) => {
      if (it["type"] === "composite") return;
      option({ thresholds: { critical: 9 } })(it);
      set({ query: String(it["query"]).replace(/> \S+$/, "> 9") })(it);
    },
  },
  slo: {
    name: set({ name: "renamed" }),
    description: set({ description: "mine" }),
    tag: tagged,
    order: shuffled,
    unmarked: unmark,
    target: set({ thresholds: [{ timeframe: "30d", target: 50, target_display: "50." }] }),
    monitors: (it) => (it["type"] === "monitor" ? set({ monitor_ids: [] })(it) : it),
    query: (it) =>
      it["type"] === "metric" ? set({ query: { numerator: "sum:y{*}", denominator: "sum:x{*}" } })(it) : it,
    saved: set({ monitor_tags: [], groups: [] }),
  },
  dashboard: {
    title: set({ title: "renamed" }),
    below: (it) => Object.assign(it, { description: `${it["description"]}\nand mine` }),
    unmarked: set({ description: "mine" }),
    moved: (it) =>
      set({ widgets: widgetsOf(it).map((widget, y) => ({ ...widget, layout: { x: 4, y, width: 3, height: 1 } })) })(it),
    turned: (it) => set({ widgets: widgetsOf(it).toReversed() })(it),
    removed: (it) => set({ widgets: widgetsOf(it).slice(1) })(it),
    added: (it) => set({ widgets: [...widgetsOf(it), { id: 1, definition: { type: "note", content: "mine" } }] })(it),
    variable: set({ template_variables: [{ name: "job", prefix: "job", default: "*" }] }),
    saved: set({ reflow_type: "auto", notify_list: [], template_variable_presets: null, is_read_only: false }),
    locked: set({ is_read_only: true }),
  },
};

/** Resources of others: without marks, with half of them, of another stack. */
export function plantForeign(hands: Readonly<Record<HeldKind, Hand>>): void {
  const marks = [
    [],
    ["managed_by:terraform", `pantheros_stack:${stackName}`, "pantheros_id:a"],
    ["managed_by:pantheros", "pantheros_stack:cluster", "pantheros_id:a"],
  ];
  const bodies: Readonly<Record<HeldKind, (tags: readonly string[], index: number) => Body>> = {
    monitor: (tags, index) => ({ ...monitor("foreign").body, name: `foreign ${index}`, tags }),
    slo: (tags, index) => ({
      name: `foreign ${index}`,
      type: "metric",
      query: { numerator: "sum:x{*}", denominator: "sum:x{*}" },
      thresholds: [{ timeframe: "7d", target: 90 }],
      tags,
    }),
    dashboard: (tags, index) => ({
      title: `foreign ${index}`,
      layout_type: "free",
      description: tags.join(" "),
      widgets: [{ definition: { type: "note", content: "theirs" }, layout: { x: 0, y: 0, width: 1, height: 1 } }],
    }),
  };
  for (const kind of heldKinds)
    for (const [index, tags] of marks.entries()) hands[kind].make(bodies[kind](tags, index));
}
