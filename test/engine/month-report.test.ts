import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { monthReport } from "../../src/engine/month-report.ts";
import { runsWithSteps } from "../../src/engine/month-runs.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { type Month, parseMonth } from "../../src/model/time/month.ts";
import { type PlayedRun, play, sameNumbers, stageConfig, stageEnds } from "./month-stage.ts";

const october = parseMonth("2026-10", "Europe/Berlin") as Month;
const hour = 3600;
const random = sameNumbers(7);
const dump = { id: "dump", uses: "backup.postgres", kind: "backup", target: "offsite", bytes: 1 } as const;
const drill = { id: "drill", uses: "drill.restic-postgres", kind: "drill", target: "offsite" } as const;

function ledgerOf(runs: readonly PlayedRun[], declaredAt = october.from - 30 * 24 * hour): Ledger {
  const ledger = openLedger(":memory:", { mode: "write" });
  ledger.declare("job", Object.keys(stageConfig.jobs), declaredAt * 1000);
  for (const run of runs) play(ledger, run, random);
  return ledger;
}
const tell = (ledger: Ledger, now = stageEnds) => monthReport(stageConfig, ledger, october, now);
const promise = (ledger: Ledger, name: string, now = stageEnds) =>
  tell(ledger, now).objectives[0]?.promises.find((candidate) => candidate.promise === name);
const nightly = (nights: number): PlayedRun[] =>
  Array.from({ length: nights }, (_, night) => ({
    ...{ job: "postgres", at: october.from + (night - 1) * 24 * hour + 3 * hour, seconds: 60, steps: [dump] },
    id: `night-${night}`,
  }));

describe("a month with nothing in it", () => {
  it("is unknown, not well, when the ledger is empty", () => {
    const report = tell(openLedger(":memory:", { mode: "write" }));
    assert.deepEqual(
      report.objectives.map(({ verdict }) => verdict),
      ["unknown", "unknown", "unknown"],
    );
    assert.ok(report.unknown.includes("the ledger holds no run of this month"));
    assert.ok(report.unknown.includes("job postgres: this ledger has never heard of it"));
    assert.deepEqual(
      report.jobs.map(({ successRatio, gap }) => [successRatio, gap]),
      Array(4).fill([null, null]),
    );
  });

  it("is unknown before the first run and before the declaration", () => {
    const report = tell(ledgerOf([], october.until + 24 * hour));
    assert.deepEqual(
      report.objectives.map(({ verdict }) => verdict),
      ["unknown", "unknown", "unknown"],
    );
    assert.match(
      report.unknown.join("\n"),
      /job postgres: the ledger knows it only since 2026-11-02 00:00, after this month/,
    );
  });

  it("is broken when a job was declared all the time and never saved anything", () => {
    const judged = promise(ledgerOf([]), "rpo");
    assert.deepEqual([judged?.verdict, judged?.measured], ["broken", 30 * 24 * hour + (october.until - october.from)]);
  });
});

describe("the recovery point of a month", () => {
  it("holds with a backup every night, the one before the month and the end included", () => {
    const judged = promise(ledgerOf(nightly(32)), "rpo");
    assert.equal(judged?.verdict, "holds");
    // Daylight saving time ends in October: one night is 25 hours long by the clock, and 24 by the schedule of this test.
    assert.equal(judged?.measured, 24 * hour + 60);
  });

  it("is broken by the gap at the end, and names the run that was the last", () => {
    const judged = promise(ledgerOf(nightly(25)), "rpo");
    assert.deepEqual([judged?.verdict, judged?.runs], ["broken", ["night-24"]]);
  });

  it("is broken by the gap at the beginning", () => {
    const judged = promise(ledgerOf(nightly(32).filter((_, night) => night === 0 || night > 3)), "rpo");
    assert.deepEqual([judged?.verdict, judged?.runs], ["broken", ["night-0", "night-4"]]);
  });

  it("counts a backup whose run failed later, and no backup that failed", () => {
    const later = {
      id: "forget",
      uses: "forget.restic",
      kind: "prune",
      target: "offsite",
      outcome: "failed",
      reason: "unknown",
    } as const;
    const forgetFails = nightly(32).map((run) => ({ ...run, outcome: "failed" as const, steps: [dump, later] }));
    assert.equal(promise(ledgerOf(forgetFails), "rpo")?.verdict, "holds");
    const fails = nightly(32).map((run) => ({ ...run, steps: [{ ...dump, outcome: "partial" as const }] }));
    assert.equal(promise(ledgerOf(fails), "rpo")?.verdict, "broken");
  });

  it("is unknown where the beginning of the month was pruned, and the rest was kept", () => {
    const ledger = ledgerOf(nightly(32).slice(12), october.from - 500 * 24 * hour);
    const keep = stageEnds - (october.from + 10 * 24 * hour);
    const report = monthReport({ ...stageConfig, journal: { keep } }, ledger, october, stageEnds);
    const judged = report.objectives[0]?.promises[0];
    assert.deepEqual(
      [judged?.verdict, judged?.why],
      ["unknown", "kept as far as it is known, and the beginning of the month is not"],
    );
    assert.match(report.unknown.join("\n"), /runs that started before 2026-10-11 \d\d:\d\d may have been removed/);
  });
});

describe("the recovery time of a month", () => {
  const drillAt = (at: number, more: object = {}): PlayedRun => ({
    ...{ job: "postgres-drill", at, seconds: 900 },
    steps: [{ ...drill, evidence: { rto_seconds: 900 }, ...more }],
  });
  const failed = { outcome: "failed", reason: "verification", message: "a query found nothing" } as const;

  it("is what its drills measured", () => {
    const judged = promise(ledgerOf([drillAt(october.from + hour)]), "rto");
    assert.deepEqual([judged?.verdict, judged?.measured], ["holds", 900]);
  });

  it("is broken by a drill that failed, until one has succeeded", () => {
    const [first, second] = [drillAt(october.from + hour, failed), drillAt(october.from + 5 * hour)];
    assert.match(promise(ledgerOf([first]), "rto")?.why ?? "", /the last drill failed: a query found nothing/);
    const judged = promise(ledgerOf([first, second]), "rto");
    assert.deepEqual(
      [judged?.verdict, judged?.why],
      ["holds", "measured by 1 of its drills; 1 of 2 drills failed before it"],
    );
  });

  it("is known by a drill before the month, as long as that is not too old", () => {
    assert.equal(promise(ledgerOf([drillAt(october.from - 24 * hour)]), "rto")?.verdict, "holds");
    assert.equal(promise(ledgerOf([drillAt(october.from - 80 * 24 * hour)]), "rto")?.verdict, "unknown");
    assert.equal(promise(ledgerOf([]), "rto")?.verdict, "unknown");
  });

  it("is not known by a drill after the month", () => {
    assert.equal(promise(ledgerOf([drillAt(october.until + hour)]), "rto")?.verdict, "unknown");
  });
});

describe("the runs of a month", () => {
  it("are counted by outcome and reason, with the lost and those without an end", () => {
    const at = october.from + hour;
    const report = tell(
      ledgerOf([
        { job: "files", at, seconds: 5, outcome: "failed", reason: "reboot", lost: true, id: "lost" },
        { job: "files", at: at + 10, seconds: 5, outcome: "failed", reason: "network", id: "n1" },
        { job: "files", at: at + 20, seconds: 5, outcome: "failed", reason: "network", id: "n2" },
        { job: "files", at: at + 30, seconds: 5 },
        { job: "files", at: at + 40, seconds: 0, outcome: "skipped", reason: "locked" },
        { job: "files", at: at + 50, seconds: null },
      ]),
    );
    const files = report.jobs.find(({ job }) => job === "files");
    assert.deepEqual(files?.byOutcome, { success: 1, partial: 0, failed: 3, skipped: 1 });
    assert.deepEqual([files?.runs, files?.lost, files?.running, files?.successRatio], [6, 1, 1, 0.25]);
    assert.deepEqual(files?.reasons[0], { outcome: "failed", reason: "network", count: 2, runs: ["n2", "n1"] });
    assert.ok(report.unknown.includes("job files: one run has no end yet"));
  });

  it("belong to the month in which they started, by its own timezone", () => {
    const edges = [october.from - 1, october.from, october.until - 1, october.until];
    const report = tell(ledgerOf(edges.map((at, index) => ({ job: "files", at, seconds: 5, id: `edge-${index}` }))));
    assert.deepEqual(
      report.runs.map(({ id }) => id),
      ["edge-1", "edge-2"],
    );
  });

  it("of a job that is gone are told as such", () => {
    const report = tell(ledgerOf([{ job: "gone", at: october.from + 5, seconds: 5 }]));
    assert.equal(report.jobs.at(-1)?.isDeclared, false);
    assert.ok(report.unknown.includes("job gone has runs in this month, and is not in the configuration any more"));
  });

  it("that ended before they began have no duration, and say why", () => {
    const report = tell(ledgerOf([{ job: "files", at: october.from + 50, seconds: -20, id: "jump" }]));
    assert.deepEqual([report.runs[0]?.seconds, report.runs[0]?.clockSetBack], [null, true]);
    assert.ok(report.unknown.includes("run jump: the clock was set back while it ran; its duration is not known"));
  });

  it("are told until now while the month is not over", () => {
    const report = tell(ledgerOf(nightly(32)), october.from + 10 * 24 * hour);
    assert.equal(report.until, october.from + 10 * 24 * hour);
    assert.equal(report.jobs[0]?.days.filter((day) => day === null).length, 21);
    assert.match(report.unknown[0] ?? "", /the month is not over: this tells of it until 2026-10-11 00:00/);
  });

  it("are each read once, also when many began in the same millisecond", () => {
    const runs = Array.from({ length: 1700 }, (_, index) => ({
      id: `${index}`,
      startedAt: index < 1200 ? 5 : 4 - (index % 3),
    }));
    const sorted = runs.toSorted((a, b) => b.startedAt - a.startedAt);
    const ledger = {
      runs: ({ before = 0, limit = 20 }) => sorted.filter(({ startedAt }) => startedAt < before).slice(0, limit),
      stepsOfRuns: () => new Map(),
    } as unknown as Ledger;
    const read = (from: number) => [...runsWithSteps(ledger, from, 10)].map(({ run }) => run.id);
    const ids = sorted.map(({ id }) => id);
    assert.deepEqual(read(0), ids);
    assert.deepEqual(read(4), ids.slice(0, sorted.findLastIndex(({ startedAt }) => startedAt >= 4) + 1));
  });
});
