import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import type { Resource } from "../../src/provision/resource.ts";
import type { UnmarkedChoice } from "../../src/provision/unmarked.ts";
import type { Json } from "./fake-datadog/monitors.ts";
import { edits, type HeldKind, handsOf, heldKinds } from "./people.ts";
import { monitor, provisionStage } from "./stage.ts";

const slo: Resource = {
  kind: "slo",
  id: "a",
  needs: [],
  body: {
    name: "Promise a",
    type: "metric",
    query: { numerator: "sum:x{ok:true}", denominator: "sum:x{*}" },
    thresholds: [{ timeframe: "30d", target: 99 }],
    tags: ["team:a"],
  },
};
const dashboard: Resource = {
  kind: "dashboard",
  id: "a",
  needs: [],
  body: {
    title: "Page a",
    description: "What it is for.",
    layout_type: "ordered",
    widgets: [{ definition: { type: "note", content: "one" }, layout: { x: 0, y: 0, width: 12, height: 2 } }],
  },
};
const resources: Readonly<Record<HeldKind, Resource>> = { monitor: monitor("a"), slo, dashboard };

/** One of ours, whose mark somebody has taken away. */
async function unmarkedWorld(t: TestContext, kind: HeldKind) {
  const stage = await provisionStage(t, {}, heldKinds);
  const hand = handsOf(stage.fake)[kind];
  const resource = resources[kind];
  await stage.sync([resource]);
  const [ours] = hand.all() as [Json];
  hand.edit(ours, edits[kind]["unmarked"] as (it: Json) => unknown);
  const plan = (choice: UnmarkedChoice | null, desired = [resource]) => stage.plan(desired, false, undefined, choice);
  const refused = async (choice: UnmarkedChoice | null = null) =>
    await plan(choice).then(
      () => assert.fail("it is not refused"),
      (error: unknown) => {
        assert.ok(error instanceof StepError);
        return error;
      },
    );
  return { ...stage, hand, resource, remoteId: String(ours["id"]), plan, refused };
}

describe("what has lost its mark", () => {
  for (const kind of heldKinds) {
    it(`stops a plan that would make a second ${kind}, with its number and what to put back`, async (t) => {
      const { refused, remoteId } = await unmarkedWorld(t, kind);
      const { message, reason, details } = await refused();
      const mark =
        kind === "dashboard"
          ? "write this as the last line of its description: managed_by:pantheros pantheros_stack:hosts pantheros_id:a"
          : "give it back its tags managed_by:pantheros, pantheros_stack:hosts, pantheros_id:a";
      assert.equal(reason, "config");
      assert.ok(message.includes(`${kind} a: ${remoteId} has its title`) && message.includes(mark), message);
      assert.match(details.advice ?? "", /--unmarked adopt\).*--unmarked beside$/);
    });

    it(`becomes ours again when somebody says so: ${kind}`, async (t) => {
      const { sync, plan, resource, hand, remoteId } = await unmarkedWorld(t, kind);
      const [applied] = await sync([resource], undefined, "adopt");
      assert.deepEqual([applied?.outcome, applied?.step.action, applied?.step.origin], ["done", "update", "adopted"]);
      assert.deepEqual(
        hand.all().map(({ id }) => String(id)),
        [remoteId],
      );
      assert.equal((await plan(null)).plan.steps[0]?.action, "unchanged");
    });
  }

  it("is looked for only where something is to be created", async (t) => {
    const { fake, sync, plan, resource } = await unmarkedWorld(t, "dashboard");
    await sync([resource], undefined, "adopt");
    const before = fake.seen.length;
    await plan(null);
    const paths = fake.seen.slice(before).map(({ path }) => path);
    assert.deepEqual(paths.filter((path) => path === "/api/v1/dashboard").length, 1);
    assert.equal(paths.filter((path) => path === "/api/v1/monitor").length, 1);
  });

  it("costs a few requests, however many are to be created", async (t) => {
    const { fake, plan } = await unmarkedWorld(t, "dashboard");
    const before = fake.seen.length;
    const many = Array.from({ length: 200 }, (_, n) => monitor(`m${n}`));
    await plan(null, many);
    assert.ok(fake.seen.length - before < 8, String(fake.seen.length - before));
  });

  it("may be somebody else's: it is left alone, and a second one is made beside it", async (t) => {
    const { sync, resource, hand } = await unmarkedWorld(t, "slo");
    const before = JSON.stringify(hand.all()[0]);
    const [applied] = await sync([resource], undefined, "beside");
    assert.deepEqual([applied?.outcome, applied?.step.action], ["done", "create"]);
    assert.equal(hand.all().length, 2);
    assert.equal(JSON.stringify(hand.all()[0]), before);
    assert.equal((await sync([resource], undefined, null)).length, 0, "from then on nobody is asked");
  });

  it("is not guessed among two of one title", async (t) => {
    const { hand, refused, remoteId } = await unmarkedWorld(t, "slo");
    const twin = hand.make({ ...slo.body, tags: [] });
    const { message, details } = await refused("adopt");
    assert.ok(message.includes(`${remoteId} and ${twin["id"]} have its title`), message);
    assert.match(details.advice ?? "", /only one of a title can be adopted/);
  });

  for (const tag of ["managed_by:terraform", "managed_by:pantheros pantheros_stack:cluster pantheros_id:a"]) {
    it(`is not what somebody else manages: ${tag}`, async (t) => {
      const { hand, plan } = await unmarkedWorld(t, "slo");
      for (const it of hand.all()) hand.edit(it, (one) => Object.assign(one, { tags: tag.split(" ") }));
      assert.equal((await plan(null)).plan.steps[0]?.action, "create");
    });
  }

  it("are told apart by their titles, each with its own number", async (t) => {
    const { fake, plan, sync } = await provisionStage(t);
    const both = [monitor("a"), monitor("b")];
    await sync(both);
    for (const { id } of fake.monitors.all()) fake.monitors.edit(Number(id), (it) => Object.assign(it, { tags: [] }));
    const { plan: made } = await plan(both, false, undefined, "adopt");
    assert.deepEqual(
      made.steps.map(({ id, origin, remoteId }) => [id, origin, remoteId]),
      [
        ["a", "adopted", "1000"],
        ["b", "adopted", "1001"],
      ],
    );
  });
});
