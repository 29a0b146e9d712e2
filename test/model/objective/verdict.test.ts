import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type {
  CopyAtPlace,
  DrillResult,
  ObjectiveEvidence,
  RecoveryPoint,
} from "../../../src/model/objective/objective.ts";
import { judgeObjective } from "../../../src/model/objective/verdict.ts";

const hour = 3600;
const now = 1000 * hour;
const nothing: ObjectiveEvidence = { rpo: null, rto: null, copies: null, places: [], retention: [], budget: null };

function judge(evidence: Partial<ObjectiveEvidence>) {
  const judgements = judgeObjective({ ...nothing, ...evidence }, now);
  return judgements.map(({ promise, verdict, measured, at }) => [promise, verdict, measured, at]);
}
function words(evidence: Partial<ObjectiveEvidence>) {
  const [judgement] = judgeObjective({ ...nothing, ...evidence }, now);
  return [judgement?.why, judgement?.advice];
}

it("what is not promised is not judged", () => assert.deepEqual(judge({}), []));

describe("the recovery point", () => {
  const point = (age: number | null, more: Partial<RecoveryPoint> = {}): RecoveryPoint => ({
    ...{ source: "job a", at: age === null ? null : now - age * hour, why: "seen", missingSince: null },
    ...more,
  });
  const rpo = (...points: RecoveryPoint[]) => ({ rpo: { promised: 24 * hour, points } });

  it("is that of the oldest, and holds up to the age that was promised", () => {
    assert.deepEqual(judge(rpo(point(2), point(24), point(3))), [["rpo", "holds", 24 * hour, now - 24 * hour]]);
    assert.deepEqual(judge(rpo(point(25), point(2))), [["rpo", "broken", 25 * hour, now - 25 * hour]]);
    assert.deepEqual(words(rpo(point(2), point(25, { source: "job b" }))), [
      "job b: 1h older than promised",
      "pantheros run b",
    ]);
  });

  it("is unknown where nothing was saved yet, and broken when that should have been long ago", () => {
    assert.deepEqual(judge(rpo()), [["rpo", "unknown", null, null]]);
    for (const [missingSince, verdict] of [
      [null, "unknown"],
      [now - 24 * hour, "unknown"],
      [now - 25 * hour, "broken"],
    ] as const)
      assert.deepEqual(judge(rpo(point(null, { missingSince }))), [["rpo", verdict, null, null]]);
    assert.deepEqual(words(rpo(point(null, { source: "repository q", why: "empty" }))), [
      "repository q: empty",
      "pantheros collect",
    ]);
  });

  it("is broken by one, whatever is unknown of others, in whatever order", () => {
    const unknown = point(null);
    for (const broken of [point(25), point(null, { missingSince: now - 25 * hour })])
      for (const points of [
        [unknown, broken],
        [broken, unknown],
      ])
        assert.equal(judge(rpo(...points))[0]?.[1], "broken");
    assert.equal(judge(rpo(point(2), unknown))[0]?.[1], "unknown");
  });

  it("is unknown when it is dated in the future, further than clocks differ", () => {
    assert.deepEqual(judge(rpo(point(-1))), [["rpo", "unknown", null, now + hour]]);
    assert.deepEqual(judge(rpo(point(-0.001))), [["rpo", "holds", 0, now + 3.6]]);
  });
});

describe("the recovery time", () => {
  const drill = (seconds: number | null, more: Partial<DrillResult> = {}): DrillResult => ({
    ...{ job: "d", at: now - hour, seconds, estimated: false, failure: null },
    ...more,
  });
  const rto = (...drills: DrillResult[]) => ({ rto: { promised: 600, within: 48 * hour, drills } });

  it("is that of the longest drill, as old as the oldest", () => {
    const older = drill(5, { at: now - 2 * hour });
    assert.deepEqual(judge(rto(drill(600), older)), [["rto", "holds", 600, now - 2 * hour]]);
    assert.deepEqual(judge(rto(older, drill(601))), [["rto", "broken", 601, now - 2 * hour]]);
    assert.deepEqual(words(rto(older, drill(660)))[0], "a drill took 1m longer than promised");
  });

  it("says when it was reckoned from a part", () => {
    const [why] = words(rto(drill(5), drill(6, { estimated: true })));
    assert.equal(why, "measured by a restore that was used, reckoned from a part");
  });

  it("is unknown without a drill, where one never succeeded, and when the last one is too old", () => {
    assert.deepEqual(judge(rto()), [["rto", "unknown", null, null]]);
    assert.deepEqual(judge(rto(drill(5), drill(null, { at: null, job: "e" }))), [["rto", "unknown", 5, null]]);
    assert.deepEqual(words(rto(drill(5), drill(null, { at: null, job: "e" })))[1], "pantheros run e");
    const old = drill(5, { at: now - 49 * hour, job: "e" });
    assert.deepEqual(judge(rto(drill(6), old)), [["rto", "unknown", 6, now - 49 * hour]]);
    assert.deepEqual(words(rto(drill(6), old)), [
      "the last drill is 2d 1h old; it proves nothing after 2d",
      "pantheros run e",
    ]);
    assert.equal(judge(rto(drill(5, { at: now - 48 * hour })))[0]?.[1], "holds");
  });

  it("is broken when the last drill failed or took too long, whatever is unknown of others", () => {
    const failed = drill(5, { failure: { at: now - 9, why: "no key" }, job: "e" });
    assert.deepEqual(judge(rto(drill(6), failed)), [["rto", "broken", 6, now - 9]]);
    assert.deepEqual(words(rto(drill(6), failed)), ["the last drill failed: no key", "pantheros explain --job e"]);
    const never = drill(null, { at: null });
    assert.deepEqual(judge(rto(never, drill(601))), [["rto", "broken", 601, now - hour]]);
  });
});

describe("copies", () => {
  const place = (name: string, state: CopyAtPlace["state"], more: Partial<CopyAtPlace> = {}): CopyAtPlace => ({
    ...{ place: name, medium: name, offsite: false, state, at: now - hour, why: state },
    ...more,
  });
  const copies = (promised: number, ...places: CopyAtPlace[]) => ({ copies: { promised, offsite: null }, places });

  it("are the original and the places that have shown theirs, as old as the oldest of them", () => {
    const [near, far] = [place("near", "proven"), place("far", "proven", { at: now - 9 * hour })];
    assert.deepEqual(judge(copies(3, near, far)), [["copies", "holds", 3, now - 9 * hour]]);
    assert.deepEqual(words(copies(3, near, far)), ["the original, near, far", null]);
    assert.deepEqual(judge(copies(1)), [["copies", "holds", 1, null]]);
  });

  it("are unknown while places that nobody has looked at could make up for it, else too few", () => {
    assert.deepEqual(judge(copies(2, place("near", "unproven"))), [["copies", "unknown", 1, null]]);
    for (const state of ["late", "disagrees"] as const)
      assert.deepEqual(judge(copies(2, place("near", state))), [["copies", "broken", 1, null]]);
    assert.equal(judge(copies(3, place("near", "unproven")))[0]?.[1], "broken");
    assert.deepEqual(words(copies(2)), [
      "no further place has shown it",
      "add a place: a job that copies it, or a repository",
    ]);
    assert.deepEqual(words(copies(3, place("near", "late"), place("far", "proven"))), [
      "near: late",
      "run its jobs, then pantheros collect",
    ]);
  });

  it("offsite are those that are elsewhere: the original is none of them", () => {
    const places = [place("near", "proven"), place("far", "proven", { offsite: true })];
    const offsite = (promised: number) => judge({ copies: { promised: null, offsite: promised }, places });
    assert.deepEqual(offsite(1), [["offsite", "holds", 1, now - hour]]);
    assert.deepEqual(offsite(2), [["offsite", "broken", 1, now - hour]]);
    assert.deepEqual(words({ copies: { promised: null, offsite: 1 }, places }), ["far", null]);
  });
});

it("retention is broken by one history, unknown by one that was not judged, and as old as the oldest look", () => {
  const [kept, broken, unknown] = [true, false, null].map((compliant, index) => {
    return { subject: `s${index}`, policy: "p", compliant, at: compliant === null ? null : now - index };
  }) as ObjectiveEvidence["retention"] as [never, never, never];
  assert.deepEqual(judge({ retention: [kept] }), [["retention", "holds", null, now]]);
  assert.deepEqual(judge({ retention: [kept, unknown] }), [["retention", "unknown", null, now]]);
  assert.deepEqual(judge({ retention: [kept, unknown, broken] }), [["retention", "broken", null, now - 1]]);
  assert.deepEqual(words({ retention: [kept, unknown, broken] })[0], "not kept by s1 (p)");
  assert.deepEqual(words({ retention: [kept, unknown] })[0], "not judged: s2 (p)");
  assert.deepEqual(words({ retention: [kept] }), ["kept by s0 (p)", null]);
});

it("a budget holds up to its last dollar", () => {
  const budget = (promised: number, used: number | null) => ({ budget: { promised, used, at: now } });
  assert.deepEqual(judge(budget(5, 5)), [["budget", "holds", 5, now]]);
  assert.deepEqual(judge(budget(5, 5.01)), [["budget", "broken", 5.01, now]]);
  assert.deepEqual(judge(budget(5, null)), [["budget", "unknown", null, null]]);
  assert.deepEqual([words(budget(5, 2))[0], words(budget(0, 0))[0]], ["40 % of it used", "nothing used"]);
});
