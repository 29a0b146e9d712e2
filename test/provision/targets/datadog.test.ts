import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { alerts } from "../../../monitors/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import { monitorResources } from "../../../src/provision/datadog/monitor-resources.ts";
import type { Body } from "../../../src/provision/resource.ts";
import { serialise } from "../../../src/provision/targets/datadog.ts";
import { monitor } from "../stage.ts";

const { body } = monitor("x");
const lost: readonly (readonly [what: string, body: Body, said: RegExp])[] = [
  ["a key that is not in the API", { ...body, colour: "red" }, /does not know colour/],
  [
    "an option in the client's own notation",
    { ...body, options: { notifyAudit: true } },
    /does not know options\.notifyAudit/,
  ],
  [
    "a key deep inside",
    { ...body, options: { thresholds: { critical: 2, fatal: 3 } } },
    /does not know options\.thresholds\.fatal/,
  ],
  ["a type that does not exist", { ...body, type: "query allert" }, /does not know type: "query allert"/],
  [
    "a value that is none of those allowed",
    { ...body, options: { on_missing_data: "show" } },
    /does not know options\.on_missing_data: "show"/,
  ],
];

describe("what is sent is what was meant", () => {
  for (const stack of stacks) {
    it(`for every monitor of the stack ${stack.name}`, async () => {
      for (const { body: meant } of monitorResources(alerts, stack)) {
        assert.deepEqual(JSON.parse(await serialise("monitor", meant)), JSON.parse(JSON.stringify(meant)));
      }
    });
  }

  for (const [what, meant, said] of lost) {
    it(`or is not sent: ${what}`, async () => {
      await assert.rejects(serialise("monitor", meant), (error: Error) => said.test(error.message));
    });
  }

  it("with null where null is meant", async () => {
    const sent = await serialise("monitor", {
      ...body,
      priority: null,
      options: { new_group_delay: null, silenced: { "*": null } },
    });
    assert.match(sent, /"priority":null/);
    assert.match(sent, /"silenced":\{"\*":null\}/);
  });
});
