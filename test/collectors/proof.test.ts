import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { proofOf } from "../../src/collectors/proof.ts";
import type { LastStep } from "../../src/ledger/ledger.ts";
import type { Observation } from "../../src/model/samples/sample.ts";

const step: LastStep = {
  ...{ job: "home", runId: "r", id: "copy", uses: "backup.restic", kind: "backup", target: "main" },
  ...{ finishedAt: 1_000_000, bytes: null, files: null, runStartedAt: 999_000 },
  evidence: { repository: "main", snapshot_id: "0123456789abcdef" },
};
const failed: Observation = {
  ...{ collector: "restic", observedAt: 2000, succeededAt: 500, attemptedAt: 2000, durationSeconds: 1 },
  ...{ error: "main: wrong password", samples: [], artifacts: [] },
};

describe("what a step claims", () => {
  it("is not said to have been looked at by nobody, when somebody tried and could not", () => {
    assert.deepEqual(proofOf(step, []), { state: "unproven", why: "nobody has looked at repository main yet" });
    assert.deepEqual(proofOf(step, [failed]), {
      state: "unproven",
      why: "the last look did not get to repository main",
    });
  });
});
