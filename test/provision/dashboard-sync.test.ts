import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { dashboards as defined } from "../../dashboards/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { applyPlan } from "../../src/provision/apply.ts";
import { normalDashboard } from "../../src/provision/datadog/dashboard-form.ts";
import { dashboardResources } from "../../src/provision/datadog/dashboards.ts";
import { isPending, makePlan } from "../../src/provision/plan.ts";
import type { Body, Resource } from "../../src/provision/resource.ts";
import { idsIn } from "./fake-datadog/dashboards.ts";
import { asJson, type Json } from "./fake-datadog/monitors.ts";
import { startFakeDatadog } from "./fake-datadog/server.ts";
import { targetOf } from "./stage.ts";

const [stack] = stacks as readonly [(typeof stacks)[number]];
const shipped = dashboardResources(defined, stack);

async function place(t: TestContext) {
  const fake = await startFakeDatadog(t);
  // The first body is answered late: the description of all widgets is compiled for it.
  const target = targetOf(fake, { timeout: 30_000 });
  const plan = async (desired: readonly Resource[]) =>
    makePlan({ stack: stack.name, place: "fake", desired, remote: await target.list("dashboard", stack.name) });
  const sync = async (desired: readonly Resource[]) =>
    (await applyPlan(await plan(desired), { target, signal: new AbortController().signal })).map(
      ({ outcome, failure }) => failure?.message ?? outcome,
    );
  const differences = async (desired: readonly Resource[]) =>
    (await plan(desired)).plan.steps.flatMap((step) => step.differences.map(({ path }) => `${step.origin} ${path}`));
  const only = () => fake.dashboards.all()[0] as Json;
  return {
    fake,
    plan,
    sync,
    differences,
    only,
    edit: (how: (it: Json) => unknown) => fake.dashboards.edit(String(only()["id"]), how),
  };
}

const widget = (title: string, content = title): Body => ({
  definition: { type: "alert_value", alert_id: content, title },
  layout: { x: 0, y: 0, width: 1, height: 1 },
});
const group = (title: string, ...widgets: Body[]): Body => ({
  definition: { type: "group", title, layout_type: "ordered", widgets },
  layout: { x: 0, y: 0, width: 12, height: 2 },
});
function page(change: Body = {}): readonly Resource[] {
  const body: Body = {
    title: "Page",
    description: "What it is for.",
    layout_type: "ordered",
    template_variables: [{ name: "host", prefix: "host", defaults: ["*"], available_values: [] }],
    widgets: [group("one", widget("a"), widget("b")), widget("c")],
    ...change,
  };
  return [{ kind: "dashboard", id: "page", needs: [], body }];
}

describe("the shipped dashboards", () => {
  it("are synced, each after those that it leads to, and then there is nothing to do", async (t) => {
    const { fake, plan, sync } = await place(t);
    assert.deepEqual(new Set(await sync(shipped)), new Set(["done"]));
    const after = await plan(shipped);
    assert.equal(isPending(after.plan), false, JSON.stringify(after.plan.steps.flatMap((step) => step.differences)));
    const links = JSON.stringify(fake.dashboards.all()).match(/\/dashboard\/[^?"]+(?=\?)/g) ?? [];
    const ids = fake.dashboards.all().map(({ id }) => `/dashboard/${String(id)}`);
    assert.ok(links.length > 0 && links.every((link) => ids.includes(link)), links.join(" "));
  });

  it("are found in the pages of all, and only those of ours are read", async (t) => {
    const { fake, plan, sync } = await place(t);
    for (let n = 0; n < 120; n += 1)
      fake.dashboards.route("POST", "", new URLSearchParams(), { ...page()[0]?.body, title: `theirs ${n}` });
    await sync(shipped);
    const before = fake.seen.length;
    await plan(shipped);
    const pages = 2;
    assert.equal(fake.seen.length - before, pages + shipped.length);
  });

  it("are made once where the answer is lost", async (t) => {
    const { fake, sync } = await place(t);
    fake.fault = ({ method }) => {
      if (method !== "POST") return null;
      fake.fault = () => null;
      return { kind: "hangUpAfter" };
    };
    assert.deepEqual(new Set(await sync(shipped)), new Set(["done"]));
    assert.equal(fake.dashboards.all().length, shipped.length);
  });
});

describe("what Datadog or its UI writes differently is no difference", () => {
  const habits: Readonly<Record<string, (it: Json) => unknown>> = {
    "`default` for `defaults` (#2595)": (it) => {
      it["template_variables"] = [{ name: "host", prefix: "host", default: "*", available_values: null }];
    },
    "no `is_read_only`, or false": (it) => {
      delete it["is_read_only"];
    },
    "`notify_list` null against empty": (it) => Object.assign(it, { notify_list: [] }),
    "`restricted_roles` absent against empty (#1848, #2956)": (it) => {
      delete it["restricted_roles"];
    },
    "a `reflow_type` that was not asked for": (it) => Object.assign(it, { reflow_type: "auto" }),
    "ids of widgets": (it) => {
      it["widgets"] = JSON.parse(JSON.stringify(it["widgets"]).replaceAll(/"id":\d+/g, '"id":1'));
    },
  };
  for (const [what, habit] of Object.entries(habits)) {
    it(what, async (t) => {
      const { sync, edit, differences } = await place(t);
      await sync(page());
      assert.deepEqual(await differences(page()), [], "what Datadog adds by itself");
      edit(habit);
      assert.deepEqual(await differences(page()), []);
    });
  }
});

describe("what a person edits in the UI", () => {
  const edits: Readonly<Record<string, (it: Json) => unknown>> = {
    title: (it) => Object.assign(it, { title: "mine" }),
    description: (it) => Object.assign(it, { description: `${String(it["description"])}\nand more` }),
    is_read_only: (it) => Object.assign(it, { is_read_only: true }),
    restricted_roles: (it) => Object.assign(it, { restricted_roles: ["r"] }),
    notify_list: (it) => Object.assign(it, { notify_list: ["a@example.org"] }),
    tags: (it) => Object.assign(it, { tags: ["team:a"] }),
    template_variables: (it) => Object.assign(it, { template_variables: [] }),
    widgets: (it) => Object.assign(it, { widgets: (it["widgets"] as Json[]).slice(1) }),
  };
  for (const [field, change] of Object.entries(edits)) {
    it(`is shown as theirs and taken back: ${field}`, async (t) => {
      const { fake, plan, sync, edit, differences } = await place(t);
      await sync(page());
      edit(change);
      assert.deepEqual(await differences(page()), [`remote ${field}`]);
      assert.deepEqual(await sync(page()), ["done"]);
      assert.equal(isPending((await plan(page())).plan), false);
      assert.equal(fake.dashboards.all().length, 1);
    });
  }

  it("is no second dashboard of ours: a copy stops the run", async (t) => {
    const { fake, plan, sync, only } = await place(t);
    await sync(page());
    fake.dashboards.route("POST", "", new URLSearchParams(), only());
    await assert.rejects(plan(page()), /two resources say that they are dashboard page/);
  });
});

it("what is null in a widget is as good as absent", () => {
  const [{ body }] = page() as [Resource];
  const [first] = body["widgets"] as [Body];
  const nulls = { ...first, id: 7, definition: { ...asJson(first["definition"]), background_color: null } as Body };
  const written = { ...body, widgets: [nulls, widget("c")] };
  assert.deepEqual(normalDashboard(written), normalDashboard(body));
});

describe("ids of widgets", () => {
  it("stay at what is the same, wherever it moves, also within a group", async (t) => {
    const { sync, only } = await place(t);
    await sync(page());
    const [outer, a, b, c] = idsIn(only()["widgets"]);
    const changed = page({
      widgets: [widget("c", "other words"), widget("new"), group("one", widget("b"), widget("a"))],
    });
    assert.deepEqual(await sync(changed), ["done"]);
    const [first, fresh, ...rest] = idsIn(only()["widgets"]);
    assert.deepEqual([first, ...rest], [c, outer, b, a]);
    assert.equal([outer, a, b, c].includes(fresh), false);
  });
});

it("an orphan is a new id only of a dashboard with the same title", async (t) => {
  const { plan, sync } = await place(t);
  await sync(page());
  const [resource] = page() as [Resource];
  const renamed = async (title: string) =>
    (await plan([{ ...resource, id: "other", body: { ...resource.body, title } }])).plan.steps.at(-1)?.renamedTo;
  assert.deepEqual([await renamed("Page"), await renamed("Another")], ["other", null]);
});
