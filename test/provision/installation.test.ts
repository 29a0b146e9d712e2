import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { applyPlan } from "../../src/provision/apply.ts";
import { isPending, makePlan } from "../../src/provision/plan.ts";
import { stalenessOf } from "../../src/provision/plan-file.ts";
import type { Resource } from "../../src/provision/resource.ts";
import { monitor, type ProvisionStage, provisionStage, stackName } from "./stage.ts";

async function planOf({ target }: ProvisionStage, installation: string | null, desired: readonly Resource[]) {
  const remote = await target.list("monitor", stackName);
  return makePlan({ stack: stackName, installation, place: "fake", desired, remote, prune: true });
}

async function syncOf(stage: ProvisionStage, installation: string | null, desired: readonly Resource[]) {
  const planned = await planOf(stage, installation, desired);
  return await applyPlan(planned, { target: stage.target, signal: new AbortController().signal });
}

describe("two installations that call their stacks by one name", () => {
  const others: readonly (readonly [what: string, name: string | null, said: RegExp])[] = [
    ["another one", "south", /and this one is south, with the same stack hosts: they would overwrite each other/],
    [
      "one without a name",
      null,
      /and this one has no name, with the same stack hosts: they would overwrite each other/,
    ],
  ];
  for (const [what, name, said] of others) {
    it(`are noticed before anything is planned, written or pruned: ${what}`, async (t) => {
      const stage = await provisionStage(t);
      await syncOf(stage, "north", [monitor("a"), monitor("b")]);
      const before = JSON.stringify(stage.fake.monitors.all());
      await assert.rejects(syncOf(stage, name, [monitor("a", { message: "ours" })]), (error: Error) => {
        assert.match(error.message, /monitor a \(1000\) and 1 more are of the installation north/);
        assert.match(error.message, said);
        assert.match(
          JSON.stringify(error),
          /another name \(provisioning\.stacks\); or.*provisioning\.installation: north/,
        );
        return true;
      });
      assert.equal(JSON.stringify(stage.fake.monitors.all()), before);
    });
  }

  it("that have no name are not noticed: each plan says that it shall be as its own definitions say", async (t) => {
    const stage = await provisionStage(t);
    await syncOf(stage, null, [monitor("a")]);
    const { plan } = await planOf(stage, null, [monitor("a", { message: "ours" })]);
    assert.deepEqual(
      plan.steps.map(({ action, origin }) => [action, origin]),
      [["update", "code"]],
    );
    assert.equal(plan.installation, null);
  });

  it("that get a name write it into the tags of what is there, which the plan shows, once", async (t) => {
    const stage = await provisionStage(t);
    await syncOf(stage, null, [monitor("a")]);
    const { plan } = await planOf(stage, "north", [monitor("a")]);
    assert.deepEqual(
      plan.steps[0]?.differences.map(({ path }) => path),
      ["tags"],
    );
    await syncOf(stage, "north", [monitor("a")]);
    assert.match(String(stage.fake.monitors.all()[0]?.["tags"]), /\bpantheros_installation:north\b/);
    assert.equal(isPending((await planOf(stage, "north", [monitor("a")])).plan), false);
  });

  it("do not carry out each other's plans", async (t) => {
    const stage = await provisionStage(t);
    const [north, south] = [await planOf(stage, "north", [monitor("a")]), await planOf(stage, "south", [monitor("a")])];
    assert.deepEqual(stalenessOf(north.plan, north.plan), []);
    assert.match(stalenessOf(north.plan, south.plan)[0] ?? "", /made by the installation north, not south/);
  });
});
