import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { asJson, type Json } from "./monitors.ts";
import { type FakeDatadog, startFakeDatadog } from "./server.ts";
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
  /** How many of them are held: none vanishes unseen. */
  readonly scenarios: number;
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
    scenarios: 32,
    paths: /^\/api\/v1\/monitor(\/(\d+(\/validate)?|can_delete|validate))?$/,
    own: [
      ...["restriction_policy", "draft_status", "assets", "run_as", "restricted", "matching_downtimes"],
      ...["avalanche_window", "locked"],
    ],
  },
  {
    file: "service-level-objectives.json",
    scenarios: 9,
    paths: /^\/api\/v1\/slo(\/(?!correction|search)\w+)?$/,
    own: [],
  },
  {
    file: "dashboards.json",
    scenarios: 108,
    paths: /^\/api\/v1\/dashboard(\/[a-z0-9]{3}-[a-z0-9]{3}-[a-z0-9]{3})?$/,
    own: ["url", "author_handle", "author_name", "is_read_only", "experience_type"],
  },
  {
    file: "downtimes.json",
    scenarios: 7,
    paths: /^\/api\/v1\/downtime(\/\d+)?$/,
    own: ["uuid", "updater_id"],
  },
];

/**
 * Calls that we do not make: deleting and restoring several dashboards at once, presets, downtimes that come again, SLOs of bad events or of a
 * specification, bodies of the wrong type. And the list of all downtimes, of which only the states are held.
 */
const isOfOthers =
  /presets using values (and|with)|^(Delete|Restore) (deleted )?dashboards|^Get deleted dashboards|^Get all downtimes|with invalid|mutually exclusive|^Schedule a downtime (once a year|until|with until)|^Update an SLO returns "Bad|bad events|using sli_specification/;
/** Of what others have made: the fake is given the same, and holds how it is cut into pages. */
const isOfPages = /with pagination$/;

for (const subject of subjects) {
  describe(`the fake Datadog answers as recorded in ${subject.file}`, { skip }, () => {
    const scenarios = scenariosOf(subject);
    it(`in ${subject.scenarios} scenarios`, () => assert.equal(scenarios.length, subject.scenarios));
    for (const [title, interactions] of scenarios) {
      it(title, async (t) => {
        const fake = await startFakeDatadog(t);
        const ids = new Map<string, string>();
        const here = (word: string) => ids.get(word) ?? word;
        if (isOfPages.test(title))
          for (const { response } of interactions) await seed(fake, subject, response.body.value);
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
          if (isOfPages.test(title)) {
            assert.deepEqual(pageIn(found), pageIn(recorded));
            continue;
          }
          // Words of an error about what is not there name it, each in its way.
          if (response.status !== 404)
            assert.deepEqual(comparable(found, subject, here), comparable(recorded, subject, here));
        }
      });
    }
  });
}

function scenariosOf({ file, paths }: Subject): readonly (readonly [string, readonly Interaction[]])[] {
  return recordingsOf(file)
    .map(
      ([scenario, interactions]) =>
        [
          scenario,
          interactions.filter(({ request }) => !request.path.endsWith("/roles") && !/\/roles\//.test(request.path)),
        ] as const,
    )
    .filter(([, interactions]) => interactions.every(({ request }) => paths.test(request.path)))
    .filter(([scenario]) => !isOfOthers.test(scenario));
}

function recordingsOf(file: string): readonly (readonly [string, readonly Interaction[]])[] {
  if (!hasRecordings) return [];
  const { recordings: all } = JSON.parse(readFileSync(join(recordings, file), "utf8")) as {
    recordings: { scenario: string; interactions: Interaction[] }[];
  };
  return all.map(({ scenario, interactions }) => [scenario, interactions] as const);
}

function idIn(answer: unknown): string | null {
  const { id, data } = asJson(answer);
  const [first] = Array.isArray(data) ? (data as unknown[]) : [];
  const found = id ?? asJson(first)["id"];
  return found === undefined ? null : String(found);
}

function comparable(value: unknown, subject: Subject, here: (word: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => comparable(item, subject, here));
  if (typeof value === "string") return here(value);
  if (typeof value !== "object" || value === null) return typeof value === "number" ? here(String(value)) : value;
  const kept = Object.entries(value as Json).filter(
    ([name]) => !everywhere.includes(name) && !subject.own.includes(name),
  );
  return Object.fromEntries(
    kept.map(([name, inside]) => [name, inside === "metric alert" ? "query alert" : comparable(inside, subject, here)]),
  );
}

/** What of a page does not depend on what is on it: how it is wrapped, what it counts, and what comes after what. */
function pageIn(answer: unknown) {
  const items = itemsOf(answer);
  const wrapping = Object.entries(asJson(answer)).filter(([, value]) => value !== items);
  return { wrapping, isBare: Array.isArray(answer), titles: items.map(({ name, title }) => name ?? title) };
}

const itemsOf = (answer: unknown): readonly Json[] =>
  (Array.isArray(answer) ? answer : (asJson(answer)["data"] ?? asJson(answer)["dashboards"])) as readonly Json[];

/** Makes what a recorded page lists. */
async function seed(fake: FakeDatadog, { file }: Subject, page: string): Promise<void> {
  for (const item of itemsOf(parse(page))) {
    if (file === "monitors.json") fake.monitors.create(item);
    else if (file === "dashboards.json")
      fake.dashboards.route("POST", "", new URLSearchParams(), { ...item, widgets: [] });
    else {
      const monitors = Array.isArray(item["monitor_ids"]) ? [fake.monitors.create(anyMonitor).json] : [];
      const monitorIds = monitors.map((monitor) => asJson(monitor)["id"]);
      fake.slos.route("POST", "", new URLSearchParams(), { ...item, monitor_ids: monitorIds });
    }
  }
}

const anyMonitor: Json = { name: "any", type: "query alert", query: "max(last_5m):max:a{*} > 1", message: "" };

describe("the states of a downtime", { skip }, () => {
  it("are as in the list of all that was recorded, in force and cancelled", async (t) => {
    const [, interactions] = recordingsOf("downtimes.json").find(([title]) => title.startsWith("Get all")) ?? [];
    const recorded = itemsOf(parse(interactions?.[0]?.response.body.value ?? "[]"));
    const stateOf = ({ status, active, disabled, canceled }: Json) =>
      JSON.stringify({ status, active, disabled, isCanceled: canceled !== null });
    const states = new Set(recorded.map(stateOf));
    assert.equal(states.size, 4, "active, scheduled, ended, canceled: each looks one way");
    const fake = await startFakeDatadog(t);
    const id = asJson(fake.downtimes.route("POST", "", { scope: ["a:b"], start: 1 }).json)["id"];
    const inForce = stateOf(asJson(fake.downtimes.all()[0]));
    fake.downtimes.route("DELETE", String(id), {});
    const cancelled = stateOf(asJson(fake.downtimes.all()[0]));
    assert.ok(states.has(inForce), inForce);
    assert.ok(states.has(cancelled), cancelled);
    assert.notEqual(inForce, cancelled);
  });
});

function parse(text: string): unknown {
  return text.trim() === "" ? null : JSON.parse(text);
}
