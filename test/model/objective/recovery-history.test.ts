import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { recoveryHistory, type SavingJob } from "../../../src/model/objective/recovery-history.ts";

const hour = 3600;
const [from, until] = [1000 * hour, 1100 * hour];
const asked = { from, until, promised: 24 * hour, parts: 100 };
const point = (at: number, runId: string, takes = hour) => ({
  startedAt: at * hour,
  finishedAt: at * hour + takes,
  runId,
});
const job = (...points: ReturnType<typeof point>[]): SavingJob => ({ knownFrom: from, isComplete: false, points });

describe("how old the newest data was over a month", () => {
  it("counts from the start of one run to the end of the next: until then only the older data could be restored", () => {
    const { worst } = recoveryHistory(
      [job(point(990, "a"), point(1010, "b"), point(1050, "c"), point(1090, "d"))],
      asked,
    );
    const [start, end] = [1010 * hour, 1051 * hour];
    assert.deepEqual(worst, { seconds: 41 * hour, from: start, until: end, afterRun: "b", beforeRun: "c" });
  });

  it("includes the gap at the beginning and the one at the end", () => {
    assert.equal(recoveryHistory([job(point(900, "old"), point(1001, "b"))], asked).worst?.afterRun, "old");
    const { worst } = recoveryHistory([job(point(999, "a"), point(1001, "b"))], asked);
    assert.deepEqual([worst?.afterRun, worst?.beforeRun, worst?.seconds], ["b", null, 99 * hour]);
  });

  it("is that of the job that is worst off where several protect the data together", () => {
    const often = job(...Array.from({ length: 30 }, (_, index) => point(990 + 4 * index, `o${index}`)));
    const rarely = job(point(990, "r1"), point(1080, "r2"));
    for (const jobs of [
      [often, rarely],
      [rarely, often],
    ]) {
      const { worst } = recoveryHistory(jobs, asked);
      assert.deepEqual([worst?.afterRun, worst?.beforeRun, worst?.seconds], ["r1", "r2", 91 * hour]);
    }
  });

  it("is unknown before anything is known, and counts from the declaration where the journal is complete since", () => {
    const later: SavingJob = { knownFrom: from + 10 * hour, isComplete: false, points: [point(1050, "a")] };
    const unknown = recoveryHistory([later], asked);
    assert.equal(unknown.knownFrom, 1051 * hour);
    assert.deepEqual(new Set(unknown.curve.slice(0, 51)), new Set([null]));
    const nothing = { worst: null, knownFrom: null, withinRatio: null, curve: [null, null] };
    const after: SavingJob = { ...later, knownFrom: until };
    for (const jobs of [[], [{ ...later, points: [] }], [{ ...after, isComplete: true }]])
      assert.deepEqual(recoveryHistory(jobs, { ...asked, parts: 2 }), nothing);
    const { worst, knownFrom } = recoveryHistory([{ ...later, isComplete: true }], asked);
    assert.equal(knownFrom, from + 10 * hour);
    assert.deepEqual([worst?.seconds, worst?.afterRun], [50 * hour, "a"]);
    const begun = { ...later, isComplete: true, points: [point(1005, "before it was declared", 7 * hour)] };
    assert.equal(recoveryHistory([begun], asked).worst?.from, 1005 * hour);
  });

  it("tells the share of the time in which the promise was kept", () => {
    const { withinRatio } = recoveryHistory([job(point(999, "a", 0), point(1049, "b", 0), point(1073, "c", 0))], asked);
    // 1000–1023 and 1049–1097 of 1000–1100.
    assert.equal(withinRatio, (23 + 48) / 100);
    assert.equal(recoveryHistory([job(point(999, "a"))], { ...asked, promised: null }).withinRatio, null);
  });

  it("draws the greatest age in each part of the time", () => {
    const { curve } = recoveryHistory([job(point(999, "a", 0), point(1049, "b", 0))], { ...asked, parts: 10 });
    assert.deepEqual(
      curve.map((age) => (age ?? 0) / hour),
      [11, 21, 31, 41, 50, 11, 21, 31, 41, 51],
    );
    const declared: SavingJob = { knownFrom: from + 15 * hour, isComplete: true, points: [] };
    const later = recoveryHistory([declared], { ...asked, parts: 10 }).curve.slice(0, 3);
    assert.deepEqual(later, [null, 5 * hour, 15 * hour]);
  });

  it("gains nothing by a run that began before the newest one and ended after it", () => {
    const { worst } = recoveryHistory([job(point(999, "a"), point(1001, "slow", 59 * hour), point(1010, "b"))], asked);
    assert.deepEqual([worst?.afterRun, worst?.from, worst?.until], ["b", 1010 * hour, until]);
  });

  it("takes a run that ended before it began, the clock having been set back, for one that took no time", () => {
    const { worst } = recoveryHistory([job(point(999, "a"), point(1050, "b", -40 * hour))], asked);
    assert.equal(worst?.until, 1050 * hour);
  });

  it("is never negative, lies within what was asked, and never grows by one more run", () => {
    const moments = fc.array(fc.tuple(fc.integer({ min: 900, max: 1099 }), fc.integer({ min: -5, max: 20 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        moments,
        fc.tuple(fc.integer({ min: 1000, max: 1099 }), fc.integer({ min: 0, max: 20 })),
        (runs, more) => {
          const points = runs.map(([at, takes], index) => point(at, `r${index}`, takes * hour));
          const known: SavingJob = { knownFrom: from, isComplete: true, points };
          const before = recoveryHistory([known], asked);
          const after = recoveryHistory(
            [{ ...known, points: [...points, point(more[0], "more", more[1] * hour)] }],
            asked,
          );
          assert.ok((after.worst?.seconds ?? 0) <= (before.worst?.seconds ?? Number.POSITIVE_INFINITY));
          for (const age of before.curve) assert.ok(age === null || (age >= 0 && age <= 200 * hour));
          assert.equal(Math.max(...before.curve.map((age) => age ?? 0)), before.worst?.seconds ?? 0);
        },
      ),
    );
  });
});
