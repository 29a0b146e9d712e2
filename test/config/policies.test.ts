import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { policiesInForce } from "../../src/config/policies.ts";
import { retentionPolicy } from "../../src/config/retention.ts";

const policies = { week: retentionPolicy.parse({ daily: 7 }), last: retentionPolicy.parse({ last: 1 }) };
const own = retentionPolicy.parse({ monthly: 2 });
const inForce = (keep: Parameters<typeof policiesInForce>[0], retention?: string) =>
  policiesInForce(keep, { kind: "repository", name: "main", retention }, policies);

describe("the policies that a pruning step obeys", () => {
  it("are its own and the promised one, each once", () => {
    assert.deepEqual(inForce(own, "week"), [own, policies.week]);
    assert.deepEqual(inForce("last", "week"), [policies.last, policies.week]);
    assert.deepEqual(inForce("week", "week"), [policies.week]);
  });

  it("are the only one there is", () => {
    assert.deepEqual(inForce(undefined, "week"), [policies.week]);
    assert.deepEqual(inForce(own), [own]);
  });

  it("are never none", () => {
    assert.throws(() => inForce(undefined), {
      reason: "config",
      message: "nothing says which snapshots of main are kept",
      details: { advice: "give the step a keep, or the repository a retention" },
    });
  });
});
