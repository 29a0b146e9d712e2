import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stacks } from "../../monitors/stacks.ts";
import { applyPlan } from "../../src/provision/apply.ts";
import { normalSlo } from "../../src/provision/datadog/slo-form.ts";
import { sloResources } from "../../src/provision/datadog/slo-resources.ts";
import { isPending, makePlan } from "../../src/provision/plan.ts";
import { startFakeDatadog } from "./fake-datadog/server.ts";
import { targetOf } from "./stage.ts";

const [stack] = stacks as [(typeof stacks)[0]];

describe("SLOs", () => {
  it("are synced, found again, changed back, and made once even where the answer is lost", async (t) => {
    const fake = await startFakeDatadog(t);
    const target = targetOf(fake);
    const desired = sloResources(stack);
    const plan = async () =>
      makePlan({ stack: stack.name, place: "fake", desired, remote: await target.list("slo", stack.name) });
    const sync = async () =>
      (await applyPlan(await plan(), { target, signal: new AbortController().signal })).map(
        ({ outcome, failure }) => failure?.message ?? outcome,
      );
    fake.fault = ({ method }) => {
      if (method !== "POST") return null;
      fake.fault = () => null;
      return { kind: "hangUpAfter" };
    };
    assert.deepEqual(await sync(), ["done", "done"]);
    assert.equal(fake.slos.all().length, 2);
    assert.equal(isPending((await plan()).plan), false);
    const [first] = fake.slos.all();
    fake.slos.route("PUT", String(first?.["id"]), new URLSearchParams(), { ...first, description: "mine" });
    const { plan: edited } = await plan();
    assert.deepEqual(
      edited.steps.map(({ origin, differences }) => [origin, differences.map(({ path }) => path)]),
      [
        ["remote", ["description"]],
        [null, []],
      ],
    );
    assert.deepEqual(await sync(), ["done"]);
    assert.equal(isPending((await plan()).plan), false);
  });

  it("are the same however Datadog writes their thresholds", () => {
    const { body } = sloResources(stack)[0] as ReturnType<typeof sloResources>[0];
    const written = {
      ...body,
      thresholds: [{ timeframe: "30d", warning: 99.5, warning_display: "99.5", target: 99, target_display: "99." }],
      target_threshold: 99,
      timeframe: "30d",
      monitor_tags: [],
    };
    assert.deepEqual(normalSlo(written), normalSlo(body));
    assert.notDeepEqual(
      normalSlo({ ...written, thresholds: [{ timeframe: "7d", target: 99, warning: 99.5 }] }),
      normalSlo(body),
    );
  });
});
