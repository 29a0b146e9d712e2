import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stacks as shipped } from "../../monitors/stacks.ts";
import { configuration } from "../../src/config/schema.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { configuredStacks } from "../../src/provision/stacks.ts";

function hostsOf(stacks: Readonly<Record<string, { readonly hosts?: readonly string[] }>>) {
  const { provisioning } = configuration.parse({ host: "here", provisioning: { stacks } });
  return configuredStacks(shipped, provisioning).map(({ name, hosts }) => [name, hosts]);
}

describe("the hosts of stacks", () => {
  it("are all of them where none is named", () => {
    assert.deepEqual(hostsOf({ hosts: {} }), [["hosts", undefined]]);
    for (const { hosts } of shipped) assert.equal(hosts, undefined);
  });

  it("are those that a stack names, and of another one all that are not named", () => {
    assert.deepEqual(hostsOf({ hosts: {}, cluster: { hosts: ["q", "ursula"] }, nas: { hosts: ["nas"] } }), [
      ["hosts", { except: ["q", "ursula", "nas"] }],
      ["cluster", { only: ["q", "ursula"] }],
      ["nas", { only: ["nas"] }],
    ]);
  });

  it("are never in two stacks", () => {
    assert.throws(
      () => hostsOf({ hosts: { hosts: ["web1", "q"] }, cluster: { hosts: ["q"] } }),
      (error: unknown) => {
        assert.ok(error instanceof StepError);
        assert.equal(error.reason, "config");
        assert.equal(error.message, "the host q is in two stacks: cluster and hosts");
        return true;
      },
    );
  });
});
