import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Outcome, Reason } from "../../../src/model/run/outcome.ts";
import type { StepKind } from "../../../src/model/run/run.ts";
import { addedUp, incrementsOf } from "../../../src/model/samples/counters.ts";

type Step = Parameters<typeof incrementsOf>[1][number];
const step = (kind: StepKind, target: string | null, outcome: Outcome | null, reason: Reason | null = null): Step => ({
  kind,
  target,
  outcome,
  reason,
});
const ended = (outcome: Outcome, reason: Reason | null = null) => ({ job: "home", outcome, reason });

/** What a run adds, as `metric{labels}`. */
function counted(
  run: ReturnType<typeof ended>,
  steps: readonly Step[],
  options: { lost?: boolean; journaled?: boolean } = {},
) {
  return incrementsOf(run, steps, { lost: false, journaled: true, ...options }).map((sample) => {
    assert.equal(sample.value, 1);
    return `${sample.metric}{${Object.values(sample.labels).join(",")}}`;
  });
}

describe("a finished run adds", () => {
  it("when it succeeded: one run without reason, what it created and what it completed", () => {
    assert.deepEqual(
      counted(ended("success"), [
        step("snapshot", "home", "success"),
        step("backup", "local", "success"),
        step("backup", "offsite", "success"),
        step("prune", "home", "success"),
        step("other", null, "success"),
      ]),
      [
        "jobRuns{home,success,none}",
        "snapshotCreated{home}",
        "backupCompleted{home,local}",
        "backupCompleted{home,offsite}",
      ],
    );
  });

  it("when it failed: each planned artifact that is missing, with the step's own reason or else the run's", () => {
    assert.deepEqual(
      counted(ended("failed", "network"), [
        step("snapshot", "home", "success"),
        step("backup", "offsite", "failed", "throttled"),
        step("backup", "local", null),
        step("snapshot", "mail", "skipped"),
        step("prune", "home", null),
      ]),
      [
        "jobRuns{home,failed,network}",
        "snapshotCreated{home}",
        "backupFailed{home,offsite,throttled}",
        "backupFailed{home,local,network}",
        "snapshotFailed{mail,network}",
      ],
    );
  });

  it("when it failed before its first step: every artifact that it owed", () => {
    assert.deepEqual(
      counted(ended("failed", "config"), [step("snapshot", "home", null), step("backup", "local", null)]),
      ["jobRuns{home,failed,config}", "snapshotFailed{home,config}", "backupFailed{home,local,config}"],
    );
  });

  it("when it was partial: a partial backup is a failed one, a skipped step is none", () => {
    assert.deepEqual(
      counted(ended("partial", "source"), [
        step("backup", "local", "partial", "source"),
        step("backup", "offsite", "failed", "network"),
        step("snapshot", "home", "skipped"),
      ]),
      ["jobRuns{home,partial,source}", "backupFailed{home,local,source}", "backupFailed{home,offsite,network}"],
    );
  });

  it("when it was skipped: itself and nothing of its steps", () => {
    assert.deepEqual(counted(ended("skipped", "locked"), [step("snapshot", "home", null)]), [
      "jobRuns{home,skipped,locked}",
    ]);
  });

  it("when it was lost: that too, by reason", () => {
    assert.deepEqual(counted(ended("failed", "reboot"), [], { lost: true }), [
      "jobRuns{home,failed,reboot}",
      "jobLost{home,reboot}",
    ]);
  });

  it("when the ledger could not be written: that too", () => {
    assert.deepEqual(counted(ended("success"), [], { journaled: false }), [
      "jobRuns{home,success,none}",
      "jobUnjournaled{home}",
    ]);
  });

  it("always a label, even where a reason or a target is unknown", () => {
    assert.deepEqual(counted(ended("failed"), [step("backup", null, "failed")]), [
      "jobRuns{home,failed,unknown}",
      "backupFailed{home,none,unknown}",
    ]);
  });
});

describe("increments of many runs", () => {
  it("add up to one for each series", () => {
    const run = (reason: Reason) => incrementsOf(ended("failed", reason), [], { lost: true, journaled: true });
    const sums = addedUp([...run("killed"), ...run("oom"), ...run("killed")]);
    assert.deepEqual(
      sums.map(({ metric, labels, value }) => [metric, (labels as { reason: string }).reason, value]),
      [
        ["jobRuns", "killed", 2],
        ["jobLost", "killed", 2],
        ["jobRuns", "oom", 1],
        ["jobLost", "oom", 1],
      ],
    );
  });
});
