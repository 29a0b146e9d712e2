import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  decisiveStep,
  explainFailure,
  type Outcome,
  outcomeOfSteps,
  outcomes,
  passingReasons,
  type Reason,
  reasons,
  StepError,
  type StepVerdict,
  toStepError,
} from "../../../src/model/run/outcome.ts";

const must = (outcome: Outcome, reason: Reason | null = null): StepVerdict => ({ outcome, reason, optional: false });
const may = (outcome: Outcome, reason: Reason | null = null): StepVerdict => ({ outcome, reason, optional: true });

describe("the outcome of a run", () => {
  const table: readonly [name: string, steps: StepVerdict[], outcome: Outcome, reason: Reason | null][] = [
    ["all succeeded", [must("success"), may("success")], "success", null],
    ["nothing to do", [], "success", null],
    ["one failed", [must("success"), must("failed", "network")], "failed", "network"],
    [
      "the first that had to succeed decides",
      [may("failed", "auth"), must("failed", "space"), must("failed", "oom")],
      "failed",
      "space",
    ],
    ["an optional one failed", [must("success"), may("failed", "auth")], "partial", "auth"],
    ["one was partial", [must("partial", "source"), must("success")], "partial", "source"],
    [
      "one was partial, a later one failed",
      [must("partial", "source"), must("failed", "network")],
      "failed",
      "network",
    ],
    ["all were skipped", [must("skipped", "locked"), must("skipped")], "skipped", "locked"],
    ["some were skipped", [must("skipped", "locked"), must("success")], "success", null],
  ];
  for (const [name, steps, outcome, reason] of table) {
    it(`${name}: ${outcome}`, () => assert.deepEqual(outcomeOfSteps(steps), { outcome, reason }));
  }

  it("is success only when no step was partial or failed", () => {
    const verdicts = fc.record<StepVerdict>({
      outcome: fc.constantFrom(...outcomes),
      reason: fc.constantFrom(null, ...(Object.keys(reasons) as Reason[])),
      optional: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(verdicts), (steps) => {
        const clean = steps.every((step) => step.outcome === "success" || step.outcome === "skipped");
        const { outcome, reason } = outcomeOfSteps(steps);
        assert.equal(outcome === "success" || outcome === "skipped", clean);
        if (outcome === "success") assert.equal(reason, null);
      }),
    );
  });
});

describe("the step that tells why a run ended as it did", () => {
  const skipped = must("skipped", "network");
  const partial = must("partial", "source");
  for (const [name, steps, told] of [
    ["is the one that had to succeed", [skipped, may("failed", "auth"), partial, must("failed", "space")], 3],
    ["is the partial one, not a hook that was skipped before it", [skipped, partial], 1],
    ["is the optional one that failed, not what was skipped before it", [skipped, may("failed", "auth")], 1],
    ["is the skipped one where nothing went wrong", [must("success"), skipped], 1],
    ["is none where all is well", [must("success"), may("success")], -1],
  ] as const) {
    it(name, () => assert.equal(decisiveStep<StepVerdict>(steps), steps[told as number] ?? null));
  }

  it("has the reason of the run, whenever that was not a success", () => {
    const verdicts = fc.record<StepVerdict>({
      outcome: fc.constantFrom("failed", "partial", "skipped"),
      reason: fc.constantFrom(...(Object.keys(reasons) as Reason[])),
      optional: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(verdicts, { minLength: 1 }), (steps) => {
        assert.equal(decisiveStep(steps)?.reason, outcomeOfSteps(steps).reason);
      }),
    );
  });
});

describe("a failure", () => {
  it("carries its reason, its next step and its cause", () => {
    const cause = new Error("ECONNREFUSED");
    const failure = new StepError("network", "the bucket could not be reached", {
      advice: "check the endpoint",
      cause,
    });
    assert.equal(failure.reason, "network");
    assert.equal(failure.cause, cause);
    assert.equal(explainFailure(failure), "the bucket could not be reached – check the endpoint");
    assert.equal(explainFailure(new StepError("oom", "restic was ended")), "restic was ended");
    assert.equal("cause" in new StepError("oom", "restic was ended"), false);
  });

  it("that nobody foresaw is unknown, never a success", () => {
    const error = new TypeError("x is not a function");
    const failure = toStepError(error);
    assert.deepEqual([failure.reason, failure.message, failure.cause], ["unknown", "x is not a function", error]);
    assert.equal(toStepError("text").message, "text");
    const own = new StepError("space", "full");
    assert.equal(toStepError(own), own);
  });

  it("can pass by itself only for reasons outside this machine", () => {
    assert.deepEqual([...passingReasons].sort(), ["network", "repository_locked", "throttled"]);
  });
});
