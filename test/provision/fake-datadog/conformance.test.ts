import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { asJson, type Json } from "./monitors.ts";
import { startFakeDatadog } from "./server.ts";
import { hasRecordings, recordings } from "./shape.ts";

interface Interaction {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: readonly [string, string][];
    readonly body: { readonly value: unknown };
  };
  readonly response: { readonly status: number; readonly body: { readonly value: string } };
}

/** What of a file of recordings the fake answers alike. */
interface Subject {
  readonly file: string;
  /** Scenarios with any other call are left out. */
  readonly paths: RegExp;
  /** What belongs to one organisation, one moment or one year of the API. */
  readonly own: readonly string[];
}

const skip = hasRecordings ? false : "the recordings of Datadog are not here (../shared/datadog)";
const everywhere = ["id", "org_id", "created", "created_at", "modified", "modified_at", "creator", "creator_id"];

const subjects: readonly Subject[] = [
  {
    file: "monitors.json",
    paths: /^\/api\/v1\/monitor(\/(\d+(\/validate)?|can_delete|validate))?$/,
    own: [
      ...[
        "overall_state",
        "overall_state_modified",
        "restriction_policy",
        "draft_status",
        "assets",
        "run_as",
        "deleted",
      ],
      ...["restricted", "restricted_roles", "priority", "matching_downtimes"],
      ...["avalanche_window", "groupby_simple_monitor", "variables", "locked"],
    ],
  },
  {
    file: "service-level-objectives.json",
    paths: /^\/api\/v1\/slo(\/(?!correction|search)\w+)?$/,
    own: ["target_display", "warning_display"],
  },
  {
    file: "dashboards.json",
    paths: /^\/api\/v1\/dashboard(\/[a-z0-9]{3}-[a-z0-9]{3}-[a-z0-9]{3})?$/,
    own: ["url", "author_handle", "author_name", "author", "experience_type", "is_read_only"],
  },
  {
    file: "downtimes.json",
    paths: /^\/api\/v1\/downtime(\/\d+)?$/,
    own: [
      ...["uuid", "updater_id", "parent_id", "child_id", "recurrence", "timezone", "downtime_type", "status", "active"],
      ...["mute_first_recovery_notification", "notify_end_types", "notify_end_states", "disabled", "canceled", "start"],
    ],
  },
];

/**
 * Listings of what others have made are not for a fake that begins empty, and what a recurrence or a body of the wrong type is refused for is not
 * its business: we send neither.
 */
const isOfOthers =
  /pagination|preset|^Get (all|deleted) dashboards|^(Delete|Restore) (deleted )?dashboards|^Get all (monitors|downtimes) returns "OK"|year|until|recurrence|with invalid|hours|weekdays|occurrences|^Update an SLO returns "Bad|bad events|^Create a new metric SLO/i;

for (const subject of subjects) {
  describe(`the fake Datadog answers as recorded in ${subject.file}`, { skip }, () => {
    for (const [title, interactions] of scenariosOf(subject)) {
      it(title, async (t) => {
        const fake = await startFakeDatadog(t);
        const ids = new Map<string, string>();
        const here = (word: string) => ids.get(word) ?? word;
        for (const { request, response } of interactions) {
          const path = request.path.replace(/[^/]+$|(?<=monitor\/)\d+/g, here);
          const query = new URLSearchParams(
            Object.fromEntries(request.query.map(([name, value]) => [name, here(value)])),
          );
          const answer = await fetch(`${fake.url}${path}?${query}`, {
            method: request.method,
            headers: { "dd-api-key": "api", "dd-application-key": "app" },
            ...(request.method === "GET" ? {} : { body: JSON.stringify(request.body.value ?? {}) }),
          });
          assert.equal(answer.status, response.status, `${request.method} ${request.path}`);
          const [found, recorded] = [parse(await answer.text()), parse(response.body.value)];
          const [own, theirs] = [idIn(found), idIn(recorded)];
          if (theirs !== null) ids.set(theirs, String(own));
          // Words of an error about what is not there name it, each in its way.
          if (response.status !== 404)
            assert.deepEqual(comparable(found, subject, here), comparable(recorded, subject, here));
        }
      });
    }
  });
}

function scenariosOf({ file, paths }: Subject): readonly (readonly [string, readonly Interaction[]])[] {
  if (!hasRecordings) return [];
  const { recordings: all } = JSON.parse(readFileSync(join(recordings, file), "utf8")) as {
    recordings: { scenario: string; interactions: Interaction[] }[];
  };
  return all
    .map(
      ({ scenario, interactions }) =>
        [
          scenario,
          interactions.filter(({ request }) => !request.path.endsWith("/roles") && !/\/roles\//.test(request.path)),
        ] as const,
    )
    .filter(([, interactions]) => interactions.every(({ request }) => paths.test(request.path)))
    .filter(([scenario]) => !isOfOthers.test(scenario));
}

function idIn(answer: unknown): string | null {
  const { id, data } = asJson(answer);
  const [first] = Array.isArray(data) ? (data as unknown[]) : [];
  const found = id ?? asJson(first)["id"];
  return found === undefined ? null : String(found);
}

function comparable(value: unknown, subject: Subject, here: (word: string) => string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => comparable(item, subject, here));
    return items.every((item) => typeof item === "string") ? items.toSorted() : items;
  }
  if (typeof value === "string") return here(value);
  if (typeof value !== "object" || value === null) return typeof value === "number" ? here(String(value)) : value;
  const kept = Object.entries(value as Json).filter(
    ([name]) => !everywhere.includes(name) && !subject.own.includes(name),
  );
  return Object.fromEntries(
    kept.map(([name, inside]) => [name, inside === "metric alert" ? "query alert" : comparable(inside, subject, here)]),
  );
}

function parse(text: string): unknown {
  return text.trim() === "" ? null : JSON.parse(text);
}
