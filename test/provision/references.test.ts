import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Applied, applyPlan } from "../../src/provision/apply.ts";
import { isPending } from "../../src/provision/plan.ts";
import type { Resource } from "../../src/provision/resource.ts";
import { checkResources } from "../../src/provision/rules.ts";
import type { Fault, SeenRequest } from "./fake-datadog/server.ts";
import { composite, monitor, provisionStage } from "./stage.ts";

const kinds = ["monitor", "slo", "dashboard"] as const;

const uptime: Resource = {
  kind: "slo",
  id: "uptime",
  needs: ["a"],
  body: {
    name: "Up",
    type: "monitor",
    monitor_ids: ["{{a}}"],
    thresholds: [{ timeframe: "7d", target: 99 }],
    tags: [],
  },
};
const page = (id: string, needs: readonly string[]): Resource => ({
  kind: "dashboard",
  id,
  needs,
  body: {
    title: id,
    layout_type: "ordered",
    widgets: needs.map((need) => ({ definition: { type: "note", content: `see {{${need}}}` } })),
  },
});

/** `a` is needed by a composite, by an SLO and by a dashboard, which another one leads to; `c` and `alone` need nobody. */
const defined: readonly Resource[] = [
  page("index", ["page"]),
  page("page", ["a", "uptime"]),
  page("alone", []),
  uptime,
  composite("both", ["a", "b"]),
  ...["a", "b", "c"].map((id) => monitor(id)),
];
const inWords = (applied: readonly Applied[]) => applied.map(({ step, outcome }) => `${step.id} ${outcome}`).toSorted();

describe("resources that name others", () => {
  it("are written after them, whatever the order of the definitions, with the numbers that those have got", async (t) => {
    const { fake, target, plan } = await provisionStage(t, {}, kinds);
    const told: Applied[] = [];
    const signal = new AbortController().signal;
    const applied = await applyPlan(await plan(defined), { target, signal, onApplied: (one) => told.push(one) });
    assert.deepEqual(new Set(applied.map(({ outcome }) => outcome)), new Set(["done"]));
    assert.deepEqual(inWords(told), inWords(applied), "each is told when it is there");
    const number = fake.monitors.all().find(({ name }) => name === "Alert a")?.["id"];
    assert.deepEqual(fake.slos.all()[0]?.["monitor_ids"], [number]);
    const shown = JSON.stringify(fake.dashboards.all().find(({ title }) => title === "page"));
    assert.ok(shown.includes(`see ${number}`) && shown.includes(`see ${fake.slos.all()[0]?.["id"]}`), shown);
    assert.equal(isPending((await plan(defined)).plan), false);
  });

  const failures: readonly (readonly [
    what: string,
    is: (request: SeenRequest, body: number) => boolean,
    left: readonly string[],
  ])[] = [
    [
      "a monitor, everything above it",
      ({ method, path }, count) => method === "POST" && path === "/api/v1/monitor" && count === 1,
      ["a failed", "alone done", "b done", "both blocked", "c done", "index blocked", "page blocked", "uptime blocked"],
    ],
    [
      "an SLO, the pages above it",
      ({ method, path }) => method === "POST" && path === "/api/v1/slo",
      ["a done", "alone done", "b done", "both done", "c done", "index blocked", "page blocked", "uptime failed"],
    ],
  ];
  for (const [what, is, expected] of failures) {
    it(`that fail block only what needs them, and all of it is told: ${what}`, async (t) => {
      const { fake, sync, plan } = await provisionStage(t, {}, kinds);
      const refused: Fault = { kind: "answer", status: 400, text: '{"errors":["no such metric"]}' };
      let count = 0;
      fake.fault = (request) => {
        if (request.method === "POST" && request.path === "/api/v1/monitor") count += 1;
        return is(request, count) ? refused : null;
      };
      const applied = await sync(defined);
      assert.deepEqual(inWords(applied), expected);
      for (const { outcome, failure } of applied) {
        assert.equal(failure === null, outcome === "done");
        if (outcome === "failed") assert.match(failure?.message ?? "", /creating .*: no such metric/);
        if (outcome === "blocked")
          assert.match(failure?.message ?? "", /not attempted: .*, which it needs, was not written/);
      }
      fake.fault = () => null;
      await sync(defined);
      assert.equal(isPending((await plan(defined)).plan), false, "once it is mended, the next sync completes it");
    });
  }

  it("say which they mean: an id that two kinds have is a mistake where it is named, and nowhere else", () => {
    const twin: Resource = { ...uptime, id: "a", needs: [] };
    const messages = (all: readonly Resource[]) => checkResources(all).map(({ id, message }) => `${id}: ${message}`);
    assert.deepEqual(messages([monitor("a"), { ...twin, body: { ...twin.body, type: "metric" } }]), []);
    assert.deepEqual(messages([monitor("a"), twin, page("page", ["a"])]), [
      "page: it names a, which is a monitor and a slo",
    ]);
  });

  it("mean what is defined, not what is left of another kind under the same id", async (t) => {
    const { fake, sync, plan } = await provisionStage(t, {}, kinds);
    await sync([page("a", [])]);
    const left = fake.dashboards.all()[0]?.["id"];
    const [, first] = [await sync([monitor("a"), uptime]), fake.slos.all()[0]];
    assert.deepEqual(first?.["monitor_ids"], [fake.monitors.all()[0]?.["id"]]);
    assert.equal(fake.dashboards.all()[0]?.["id"], left);
    assert.equal(isPending((await plan([monitor("a"), uptime])).plan), false);
  });
});
