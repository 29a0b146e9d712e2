import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { dashboards } from "../../../dashboards/index.ts";
import { alerts } from "../../../monitors/index.ts";
import { exampleStack, stacks } from "../../../monitors/stacks.ts";
import type { JsonValue } from "../../../src/model/measurement.ts";
import { StepError } from "../../../src/model/run/outcome.ts";
import { dashboardResources } from "../../../src/provision/datadog/dashboards.ts";
import { downtimeBody } from "../../../src/provision/datadog/downtime.ts";
import { catalogueMetadata } from "../../../src/provision/datadog/metric-metadata.ts";
import { monitorResources } from "../../../src/provision/datadog/monitor-resources.ts";
import { sloResources } from "../../../src/provision/datadog/slo-resources.ts";
import { updateBody } from "../../../src/provision/forms.ts";
import { type Body, isBody, type Kind } from "../../../src/provision/resource.ts";
import { serialise } from "../../../src/provision/targets/datadog.ts";
import { hasRecordings, recordings } from "../fake-datadog/shape.ts";
import { monitor } from "../stage.ts";

const all = [...stacks, exampleStack];
const downtime = downtimeBody({ job: "a", host: "b", from: 1_800_000_000, until: 1_800_003_600, why: "c" });

/** Everything that pantheros sends of its own. */
const shipped: Readonly<Record<Kind, readonly Body[]>> = {
  monitor: all.flatMap((stack) => monitorResources(alerts, stack).map(({ body }) => body)),
  slo: all.flatMap((stack) => sloResources(stack).map(({ body }) => body)),
  dashboard: stacks.flatMap((stack) => dashboardResources(dashboards, stack).map(({ body }) => body)),
  downtime: [downtime],
  metric: catalogueMetadata.map(({ body }) => body),
};

describe("Datadog's client loses nothing of what we ship", () => {
  for (const [kind, bodies] of Object.entries(shipped) as [Kind, readonly Body[]][]) {
    it(`of kind ${kind}`, async () => {
      assert.ok(bodies.length > 0);
      for (const body of bodies) assert.deepEqual(JSON.parse(await serialise(kind, body)), body);
    });

    it(`of kind ${kind}: a key that it does not know is refused, wherever it is`, async () => {
      const body = sampleOf(bodies);
      const places = placesIn(body).filter((path) => !isFree(path));
      for (const path of places) {
        const added = changedAt(body, path, (inside) => ({ ...inside, pantheros_key: 1 }));
        await assert.rejects(serialise(kind, added), refusal, `${kind}: a key more in ${path.join(".") || "it"}`);
      }
    });

    it(`of kind ${kind}: its own notation is refused`, async () => {
      const body = sampleOf(bodies);
      for (const path of placesIn(body)) {
        const written = changedAt(body, path, (inside) =>
          Object.fromEntries(Object.entries(inside).map(([name, value]) => [camel(name), value])),
        );
        if (JSON.stringify(written) !== JSON.stringify(body))
          await assert.rejects(serialise(kind, written), refusal, `${kind}: ${path.join(".")}`);
      }
    });
  }
});

/** The first of them; of dashboards one widget of each type, since its client tries every type on each. */
function sampleOf(bodies: readonly Body[]): Body {
  const [first, ...others] = bodies as readonly [Body, ...Body[]];
  const [group] = widgetsIn(first);
  if (group === undefined) return first;
  const inside = [first, ...others].flatMap(widgetsIn).flatMap((widget) => widgetsIn(widget["definition"] as Body));
  const types = new Map(inside.map((widget) => [(widget["definition"] as Body)["type"], widget]));
  return {
    ...first,
    widgets: [{ ...group, definition: { ...(group["definition"] as Body), widgets: [...types.values()] } }],
  };
}

const widgetsIn = ({ widgets = [] }: Body) => widgets as readonly Body[];

interface Exchange {
  readonly request: { readonly method: string; readonly path: string; readonly body: { readonly value: JsonValue } };
  readonly response: { readonly status: number; readonly body: { readonly value: string } };
}

const recorded: readonly (readonly [kind: Kind, file: string, path: RegExp])[] = [
  ["monitor", "monitors.json", /^\/api\/v1\/monitor(\/\d+)?$/],
  ["slo", "service-level-objectives.json", /^\/api\/v1\/slo(\/[0-9a-f]+)?$/],
  ["dashboard", "dashboards.json", /^\/api\/v1\/dashboard(\/[a-z0-9-]+)?$/],
  ["downtime", "downtimes.json", /^\/api\/v1\/downtime(\/\d+)?$/],
];
/** Updates of some fields, where ours are complete, and bulk operations. */
const partial = /missing required property/;

describe("of what was recorded, the client loses nothing or it is refused", {
  skip: hasRecordings ? false : "the recordings of Datadog are not here (../shared/datadog)",
}, () => {
  for (const [kind, file, path] of recorded) {
    it(`what was sent, in ${file}`, async (t) => {
      const sent = exchangesIn(file)
        .filter(
          ({ request, response }) =>
            /POST|PUT/.test(request.method) && path.test(request.path) && response.status < 300,
        )
        .map(({ request }) => request.body.value);
      const { whole, refused } = await triedOn(kind, sent.filter(isBody));
      for (const reason of refused) assert.match(reason, partial);
      assert.ok(whole > refused.length);
      t.diagnostic(`${whole} whole, ${refused.length} refused`);
    });

    it(`what was answered, in ${file}: it is never half of it that is written back`, async (t) => {
      const answers = exchangesIn(file)
        .filter(({ request, response }) => path.test(request.path) && response.status < 300)
        .flatMap(({ response }) => answersIn(response.body.value));
      const { whole, refused } = await triedOn(kind, answers);
      assert.ok(whole + refused.length > 0);
      t.diagnostic(`${whole} whole, ${refused.length} refused`);
    });
  }
});

describe("what the client cannot read at all is named by its place", () => {
  const plain = monitor("x").body;
  const cases: readonly (readonly [Body, RegExp])[] = [
    [{ ...plain, priority: "3" }, /cannot read priority: unknown type 'number'/],
    [{ ...plain, options: { thresholds: { critical: "2" } } }, /cannot read options\.thresholds\.critical: /],
    [{ ...plain, tags: "a:b" }, /cannot read tags: /],
    [{ name: "x", type: "query alert" }, /cannot read it: missing required property 'query'/],
  ];
  for (const [body, said] of cases)
    it(String(said), async () => {
      await assert.rejects(serialise("monitor", body), (error: unknown) => refusal(error) && said.test(String(error)));
    });
});

describe("what is taken over from Datadog", () => {
  it("is refused when it could not be parsed: who has muted a monitor", async () => {
    const wanted = monitor("x").body;
    const muted = (silenced: JsonValue) => updateBody("monitor", wanted, { ...wanted, options: { silenced } });
    assert.match(await serialise("monitor", muted({ "host:a": 1_800_000_000, "*": null })), /"silenced":\{"host:a"/);
    await assert.rejects(serialise("monitor", muted({ "*": { until: "tomorrow" } })), refusal);
    for (const nobody of [{}, null]) assert.deepEqual(muted(nobody)["options"], wanted["options"]);
  });

  it("is refused when it could not be parsed: the id of a widget", async () => {
    const [page] = shipped.dashboard as readonly [Body];
    const [first, ...others] = page["widgets"] as readonly Body[];
    const kept = updateBody("dashboard", page, { ...page, widgets: [{ ...first, id: "seven" }, ...others] });
    assert.equal((kept["widgets"] as readonly Body[])[0]?.["id"], "seven");
    await assert.rejects(serialise("dashboard", kept), refusal);
  });
});

async function triedOn(kind: Kind, bodies: readonly Body[]) {
  const refused: string[] = [];
  for (const body of bodies) {
    const text = await serialise(kind, body).catch((error: unknown) => {
      assert.ok(error instanceof Error);
      refused.push(error.message);
      return null;
    });
    if (text !== null) assert.deepEqual(JSON.parse(text), body);
  }
  return { whole: bodies.length - refused.length, refused };
}

const refusal = (error: unknown) => error instanceof StepError && error.reason === "config";

function exchangesIn(file: string): readonly Exchange[] {
  const { recordings: scenarios } = JSON.parse(readFileSync(join(recordings, file), "utf8")) as {
    recordings: { interactions: Exchange[] }[];
  };
  return scenarios.flatMap(({ interactions }) => interactions);
}

function answersIn(text: string | null): readonly Body[] {
  if (text === null || !/^\s*[[{]/.test(text)) return [];
  const json = JSON.parse(text) as JsonValue;
  const inside = isBody(json) && "data" in json ? (json["data"] as JsonValue) : json;
  return (Array.isArray(inside) ? inside : [inside]).filter(isBody).filter((body) => "id" in body);
}

type Path = readonly (string | number)[];

/** Every object of a body. */
function placesIn(value: JsonValue, path: Path = []): readonly Path[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => placesIn(item, [...path, index]));
  if (!isBody(value)) return [];
  return [path, ...Object.entries(value).flatMap(([name, inside]) => placesIn(inside, [...path, name]))];
}

/** Maps whose keys are the user's. */
const isFree = (path: Path) => path.at(-1) === "silenced";

function changedAt(body: Body, path: Path, change: (inside: Body) => Body): Body {
  const copy = structuredClone(body) as Record<string, JsonValue>;
  if (path.length === 0) return change(copy);
  let above: Record<string | number, JsonValue> = copy;
  for (const name of path.slice(0, -1)) above = above[name] as unknown as Record<string | number, JsonValue>;
  const last = path.at(-1) as string | number;
  above[last] = change(above[last] as Body);
  return copy;
}

const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
