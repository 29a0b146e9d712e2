import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alerts } from "../../monitors/index.ts";
import { stacks } from "../../monitors/stacks.ts";
import { monitorResources } from "../../src/provision/datadog/monitor-resources.ts";
import { isPending } from "../../src/provision/plan.ts";
import type { Resource } from "../../src/provision/resource.ts";
import { checkResources } from "../../src/provision/rules.ts";
import { composite, monitor, provisionStage } from "./stage.ts";

const renamed: Resource = { ...monitor("old"), id: "new", formerly: ["oldest", "old"] };

describe("an id that was renamed", () => {
  it("keeps its monitor: the same number gets the new id, and whatever names it stays right", async (t) => {
    const { fake, sync, plan } = await provisionStage(t);
    await sync([monitor("old"), monitor("b"), composite("both", ["old", "b"])]);
    const before = fake.monitors.all().map(({ id }) => id);
    const defined = [renamed, monitor("b"), composite("both", ["new", "b"])];
    const { plan: made, owned } = await plan(defined);
    assert.equal(owned.get("monitor new")?.mark.id, "new", "as pull and prune call it");
    assert.deepEqual(
      made.steps.map(({ id, action, origin, remoteId }) => [id, action, origin, remoteId]),
      [
        ["new", "update", "code", "1000"],
        ["b", "unchanged", null, "1001"],
        ["both", "unchanged", null, "1002"],
      ],
    );
    assert.deepEqual(
      made.steps[0]?.differences.map(({ path }) => path),
      ["tags"],
    );
    assert.deepEqual(
      (await sync(defined)).map(({ outcome }) => outcome),
      ["done"],
    );
    assert.deepEqual(
      fake.monitors.all().map(({ id }) => id),
      before,
    );
    assert.equal(isPending((await plan(defined)).plan), false);
  });

  it("is no longer remembered once it is there under the new one: what is made anew under the old one is another", async (t) => {
    const { fake, sync, plan } = await provisionStage(t);
    await sync([renamed]);
    await sync([monitor("other", { name: "Another" })]);
    fake.monitors.edit(1001, (it) =>
      Object.assign(it, { tags: (it["tags"] as string[]).map((tag) => tag.replace(":other", ":old")) }),
    );
    assert.deepEqual(
      (await plan([renamed])).plan.steps.map(({ id, action, remoteId }) => [id, action, remoteId]),
      [
        ["new", "unchanged", "1000"],
        ["old", "orphan", "1001"],
      ],
    );
  });

  it("is a mistake while the old one is defined, and takes nothing from it", async (t) => {
    const defined = [monitor("old"), renamed];
    assert.deepEqual(
      checkResources(defined).map(({ id, message }) => `${id}: ${message}`),
      ["new: it says that it was old, which is defined"],
    );
    const { sync, plan } = await provisionStage(t);
    await sync([monitor("old")]);
    assert.deepEqual(
      (await plan(defined)).plan.steps.map(({ id, action }) => [id, action]),
      [
        ["old", "unchanged"],
        ["new", "create"],
      ],
    );
  });

  it("is a mistake where two say that they were one", () => {
    const rival: Resource = { ...monitor("rival"), formerly: ["old"] };
    assert.deepEqual(
      checkResources([renamed, rival]).map(({ id, message }) => `${id}: ${message}`),
      ["new: it says that it was old, and so does rival", "rival: it says that it was old, and so does new"],
    );
  });

  it("and does not say so is refused by Datadog as a duplicate, with what to write", async (t) => {
    const { fake, sync } = await provisionStage(t);
    await sync([monitor("old")]);
    const [applied] = await sync([{ ...monitor("old"), id: "new" }]);
    assert.match(
      applied?.failure?.message ?? "",
      /creating monitor new: old \(1000\) does the same already, and is ours/,
    );
    assert.match(applied?.failure?.details.advice ?? "", /formerly: \["old"\]/);
    assert.equal(fake.monitors.all().length, 1);
  });

  it("is told by an alert for each of its monitors", () => {
    const [stack] = stacks as [(typeof stacks)[0]];
    const told = monitorResources(
      alerts.map((alert) => ({ ...alert, formerly: [`old-${alert.id}`] })),
      stack,
    );
    for (const { id, formerly } of told) assert.deepEqual(formerly, [`old-${id}`]);
    assert.ok(
      told.some(({ id }) => /\.2$/.test(id)),
      "also of those with parts",
    );
  });
});
