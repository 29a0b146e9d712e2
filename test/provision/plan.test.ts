import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StepError } from "../../src/model/run/outcome.ts";
import type { Owned } from "../../src/provision/identity.ts";
import { isPending, makePlan, type Plan } from "../../src/provision/plan.ts";
import { readPlan, stalenessOf, writePlan } from "../../src/provision/plan-file.ts";
import { prunable } from "../../src/provision/prune.ts";
import { asJson } from "./fake-datadog/monitors.ts";
import { composite, monitor, provisionStage, stackName } from "./stage.ts";

const told = ({ steps }: Plan) => steps.map(({ id, action, origin }) => [id, action, origin]);

describe("a plan", () => {
  it("names what it creates, updates, leaves alone, and no longer knows", async (t) => {
    const { plan, sync } = await provisionStage(t);
    await sync([monitor("a"), monitor("b"), monitor("old")]);
    const { plan: made } = await plan([monitor("a"), monitor("b", { message: "new" }), monitor("c")]);
    assert.deepEqual(told(made), [
      ["a", "unchanged", null],
      ["b", "update", "code"],
      ["c", "create", null],
      ["old", "orphan", null],
    ]);
    assert.deepEqual(made.steps[1]?.differences, [
      { path: "message", before: "{{host.name}} is not well: b", after: "new" },
    ]);
    assert.equal(isPending(made), true);
  });

  it("tells what was edited in Datadog from what has changed in the code", async (t) => {
    const { fake, plan, sync } = await provisionStage(t);
    const defined = [monitor("code"), monitor("remote"), monitor("both"), monitor("same")];
    await sync(defined);
    const edit = (index: number) => fake.monitors.edit(1000 + index, (it) => Object.assign(it, { message: "mine" }));
    edit(1);
    edit(2);
    edit(3);
    const changed = [
      monitor("code", { message: "new" }),
      monitor("remote"),
      monitor("both", { message: "new" }),
      monitor("same", { message: "mine" }),
    ];
    assert.deepEqual(told((await plan(changed)).plan), [
      ["code", "update", "code"],
      ["remote", "update", "remote"],
      ["both", "update", "both"],
      ["same", "unchanged", null],
    ]);
  });

  it("refuses what Datadog never changes: the type of a monitor", async (t) => {
    const { plan, sync } = await provisionStage(t);
    await sync([monitor("a"), monitor("b"), composite("both", ["a", "b"])]);
    await assert.rejects(plan([monitor("a"), monitor("b"), monitor("both")]), (error: StepError) => {
      assert.match(error.message, /^monitor both \(1002\) is of another type there, which cannot be changed$/);
      assert.match(error.details.advice ?? "", /delete 1002 in Datadog.*or give the definition another id/);
      return true;
    });
    const { plan: same } = await plan([
      monitor("a", { type: "metric alert" }),
      monitor("b"),
      composite("both", ["a", "b"]),
    ]);
    assert.equal(isPending(same), false);
  });

  it("does not guess who has changed what where the mark does not say", async (t) => {
    const { fake, plan, sync } = await provisionStage(t);
    await sync([monitor("a")]);
    fake.monitors.edit(1000, (it) =>
      Object.assign(it, {
        message: "mine",
        tags: (it["tags"] as string[]).filter((tag) => !tag.startsWith("pantheros_applied:")),
      }),
    );
    assert.deepEqual(told((await plan([monitor("a")])).plan), [["a", "update", "unknown"]]);
  });

  it("keeps who has muted a monitor, and takes back what else was set in the UI", async (t) => {
    const { fake, sync } = await provisionStage(t);
    await sync([monitor("a")]);
    fake.monitors.edit(1000, (it) =>
      Object.assign(it, {
        priority: 5,
        options: { ...asJson(it["options"]), silenced: { "*": null }, renotify_interval: 90 },
      }),
    );
    await sync([monitor("a")]);
    const found = asJson(fake.monitors.all()[0]);
    assert.equal(found["priority"], null);
    assert.deepEqual(asJson(found["options"])["silenced"], { "*": null });
    assert.equal(asJson(found["options"])["renotify_interval"], undefined);
  });

  it("says that a new id is rather an old resource with another name", async (t) => {
    const { plan, sync } = await provisionStage(t);
    await sync([monitor("old", { name: "Disk is full" })]);
    const { plan: made } = await plan([monitor("new", { name: "Disk is full" })]);
    assert.deepEqual(
      made.steps.map(({ id, action, renamedTo }) => [id, action, renamedTo]),
      [
        ["new", "create", null],
        ["old", "orphan", "new"],
      ],
    );
  });

  it("stops when a copy in the UI has our id", async (t) => {
    const { fake, plan, sync } = await provisionStage(t);
    await sync([monitor("a")]);
    fake.monitors.create({ ...fake.monitors.all()[0], name: "copy of it" });
    await assert.rejects(plan([monitor("a")]), /two resources say that they are monitor a: 1000 and 1001/);
  });
});

describe("a plan in a file", () => {
  it("is read as it was written, and nothing else is read", async (t) => {
    const { plan } = await provisionStage(t);
    const { plan: made } = await plan([monitor("a"), composite("both", ["a"])]);
    assert.deepEqual(stalenessOf(readPlan(writePlan(made), "plan.json"), made), []);
    for (const text of [
      "",
      "{}",
      "[]",
      '{"format":"pantheros plan 1"}',
      "<html>",
      writePlan(made).slice(0, 99),
      writePlan(made).replace("plan 1", "plan 2"),
      writePlan(made).replace('"only": null', '"only": "a"'),
      writePlan(made).replace('"only": null', '"only": [1]'),
      writePlan(made).replace('"action": "create"', '"action": "wipe"'),
    ]) {
      assert.throws(() => readPlan(text, "plan.json"), /plan.json is no plan of this version/);
    }
  });

  it("is stale as soon as anything has changed, and says what", async (t) => {
    const { fake, plan, sync } = await provisionStage(t);
    await sync([monitor("a"), monitor("b")]);
    const defined = [monitor("a", { message: "new" }), monitor("b")];
    const { plan: old } = await plan(defined);
    fake.monitors.edit(1001, (it) => Object.assign(it, { message: "mine" }));
    assert.deepEqual(stalenessOf(old, (await plan(defined)).plan), ["the remote monitor b has changed"]);
    fake.monitors.remove(1001, true);
    assert.deepEqual(stalenessOf(old, (await plan(defined)).plan), ["the remote monitor b is gone"]);
    const newer = [monitor("a", { message: "newer" }), monitor("c")];
    assert.deepEqual(stalenessOf(old, (await plan(newer)).plan), [
      "the definition of monitor a has changed",
      "the definition of monitor b is gone",
      "the definition of monitor c is new",
      "the remote monitor b is gone",
    ]);
    const others: readonly (readonly [Partial<Plan>, RegExp])[] = [
      [{ place: "elsewhere" }, /made for elsewhere, not fake/],
      [{ stack: "cluster" }, /for the stack cluster, not hosts/],
      [{ installation: "north" }, /made by the installation north, not one without a name/],
      [{ organization: "8" }, /made with keys of organisation 8, these are of 7/],
    ];
    for (const [other, said] of others) assert.match(stalenessOf({ ...old, ...other }, old).join("\n"), said);
    assert.deepEqual(stalenessOf({ ...old, organization: null }, old), [], "nothing was there that told whose it is");
    assert.deepEqual(stalenessOf(old, { ...old, organization: null }), []);
  });
});

describe("pruning", () => {
  it("is what is ours and no longer defined: composites before their parts, and no more than the cap", async (t) => {
    const { plan, sync } = await provisionStage(t);
    await sync([monitor("a"), monitor("b"), composite("both", ["a", "b"]), monitor("c")]);
    const planned = await plan([monitor("c")], true);
    assert.deepEqual(
      prunable(planned).map(({ mark }) => mark.id),
      ["both", "a", "b"],
    );
    assert.throws(() => prunable(planned, 2), /3 resources would be deleted, more than 2/);
  });

  it("is ten at once, unless somebody says more", async (t) => {
    const { plan, sync } = await provisionStage(t);
    const defined = Array.from({ length: 12 }, (_, index) => monitor(`m${index}`));
    await sync(defined);
    assert.equal(prunable(await plan(defined.slice(10), true)).length, 10);
    const eleven = await plan(defined.slice(11), true);
    assert.throws(() => prunable(eleven), /11 resources would be deleted, more than 10/);
    assert.equal(prunable(eleven, 11).length, 11);
  });

  it("never takes everything", async (t) => {
    const { plan, sync } = await provisionStage(t);
    await sync([monitor("a")]);
    const planned = await plan([monitor("b")], true);
    assert.throws(() => prunable(planned), /everything that the stack hosts has would be deleted/);
    const { body } = monitor("b");
    const mark = { stack: stackName, id: "b", applied: null };
    const adopted: Owned = { kind: "monitor", remoteId: "7", modified: "", body, mark, isAdopted: true };
    const input = { stack: stackName, place: "fake", desired: [monitor("b")], remote: [...planned.owned.values()] };
    const made = makePlan({ ...input, adopted: [adopted], prune: true });
    assert.deepEqual(told(made.plan)[0], ["b", "update", "adopted"]);
    assert.throws(() => prunable(made), /everything/, "what is not ours yet does not count");
  });

  it("has nothing to do where nothing is", async (t) => {
    const { plan } = await provisionStage(t);
    assert.deepEqual(prunable(await plan([monitor("a")], true)), []);
  });
});
