import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { measurementOf } from "../../../src/model/objective/measurement.ts";
import type { Judgement, ObjectiveEvidence } from "../../../src/model/objective/objective.ts";

const judgement = (changes: Partial<Judgement>) => changes as Judgement;
const evidence = (changes: Partial<ObjectiveEvidence>) =>
  ({ retention: [], copies: null, places: [], ...changes }) as ObjectiveEvidence;

describe("what is remembered of a data set", () => {
  it("is what was promised, what was measured and whether that held; what was unknown is left out", () => {
    const judgements = [
      judgement({ promise: "rpo", promised: 60, measured: 90, verdict: "broken" }),
      judgement({ promise: "rto", promised: null, measured: 5, verdict: "unknown" }),
      judgement({ promise: "copies", promised: 2, measured: null, verdict: "holds" }),
    ];
    assert.deepEqual(measurementOf("data", evidence({}), judgements, 7), {
      series: "objectives/data",
      at: 7,
      values: { rpo_promised: 60, rpo: 90, rpo_met: 0, rto: 5, copies_promised: 2, copies_met: 1 },
    });
  });

  it("is on how many media the copies are that have been seen, with that of the original", () => {
    const places = [
      { medium: "disk", state: "proven" },
      { medium: "disk", state: "proven" },
      { medium: "tape", state: "late" },
    ] as never as ObjectiveEvidence["places"];
    const { values } = measurementOf("data", evidence({ copies: { promised: 2, offsite: null }, places }), [], 7);
    assert.deepEqual(values, { media: 2 });
  });

  it("is for each retention whether it held", () => {
    const retention = [
      { subject: "a", compliant: true },
      { subject: "b", compliant: false },
      { subject: "c", compliant: null },
    ] as never as ObjectiveEvidence["retention"];
    const { values } = measurementOf("data", evidence({ retention }), [], 7);
    assert.deepEqual(values, { "retention/a": 1, "retention/b": 0 });
  });
});
