import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import fc from "fast-check";
import { type Ledger, LedgerError, type LostEnd, type RunFinish, type RunStart } from "../../src/ledger/ledger.ts";
import type { Reason } from "../../src/model/run/outcome.ts";
import type { Step, StepPlan } from "../../src/model/run/run.ts";
import { mostCountedReasons } from "../../src/model/samples/bound.ts";
import { incrementsOf } from "../../src/model/samples/counters.ts";
import type { Observation, Sample } from "../../src/model/samples/sample.ts";
import { backupStep, holder, noon, runFinish, runStart, snapshotStep, stepFinish } from "./ledger-samples.ts";

function counted(job: string, value = 1): Sample {
  return { metric: "jobRuns", labels: { job, outcome: "success", reason: "none" }, value };
}

function journalRun(ledger: Ledger, start: RunStart, finish: RunFinish): void {
  assert.deepEqual(ledger.startRun(start), { lockedBy: null });
  assert.equal(ledger.finishRun(start.id, finish), true);
}

/** What every ledger promises, whatever it is kept in. */
export function describeLedger(name: string, open: (t: TestContext) => Ledger): void {
  describe(`${name}: the life of a run`, () => {
    test("a started run is read back with its plan, unfinished, and holds the lock of its job", (t) => {
      const ledger = open(t);
      assert.deepEqual(ledger.startRun(runStart("a")), { lockedBy: null });

      const { steps, ...facts } = runStart("a");
      assert.deepEqual(ledger.run("a"), {
        ...facts,
        finishedAt: null,
        seenAt: noon,
        outcome: null,
        reason: null,
        message: null,
        journaled: true,
        lost: false,
        emittedAt: null,
      });
      assert.deepEqual(ledger.steps("a"), steps.map(plannedStep));
      assert.deepEqual(
        ledger.unfinishedRuns().map((run) => run.id),
        ["a"],
      );
    });

    test("a second run of the job is told who holds the lock and leaves no trace; another job is not held up", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      assert.equal(ledger.startRun(runStart("b")).lockedBy?.id, "a");
      assert.equal(ledger.run("b"), null);
      assert.equal(ledger.startRun(runStart("c", { job: "other" })).lockedBy, null);
    });

    test("finishing releases the lock, and is done once", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      const failed = runFinish({
        outcome: "failed",
        reason: "network",
        message: "no route",
        increments: [counted("x")],
      });
      assert.equal(ledger.finishRun("a", failed), true);
      assert.equal(ledger.finishRun("a", runFinish({ increments: [counted("x")] })), false);

      const run = ledger.run("a");
      assert.equal(run?.outcome, "failed");
      assert.equal(run?.reason, "network");
      assert.equal(run?.message, "no route");
      assert.equal(run?.finishedAt, noon + 60_000);
      assert.deepEqual(ledger.totals(), [counted("x")]);
      assert.deepEqual(ledger.unfinishedRuns(), []);
      assert.deepEqual(ledger.startRun(runStart("b")), { lockedBy: null });
    });

    test("the steps of many runs are read at once, without what only one run is asked for", (t) => {
      const ledger = open(t);
      for (const id of ["a", "b"]) ledger.startRun(runStart(id, { job: id }));
      const pruning = { ...backupStep, kind: "prune" } as const;
      ledger.startRun(runStart("c", { job: "c", steps: [snapshotStep, pruning] }));
      ledger.startStep("b", 0, noon, ["/data"]);
      // Longer than what is unpacked at once.
      const evidence = { path: "/srv/".padEnd(5000, "a b"), snapshot_id: "0123456789abcdef" };
      ledger.finishStep("b", 0, noon + 1000, stepFinish({ evidence, tail: "a line" }));
      ledger.finishStep("c", 0, noon + 1000, stepFinish({ outcome: "failed", reason: "space", evidence }));
      ledger.finishStep("c", 1, noon + 1000, stepFinish({ evidence }));
      const brief = (of: string) =>
        ledger.steps(of).map((step) => {
          const { runId, id, kind, target, finishedAt, outcome, message, bytes, files, evidence: left } = step;
          return { runId, id, kind, target, finishedAt, outcome, message, bytes, files, evidence: left };
        });

      const found = ledger.stepsOfRuns(["b", "nobody", "a", "c"]);
      assert.deepEqual([...found.keys()].sort(), ["a", "b", "c"]);
      assert.deepEqual(found.get("a"), brief("a"));
      assert.deepEqual(found.get("b"), brief("b"));
      assert.deepEqual(found.get("b")?.[0]?.evidence, evidence);
      assert.deepEqual(
        found.get("c")?.map((step) => step.evidence),
        [{}, {}],
        "nobody asks what failed, or pruned, has left behind",
      );
      assert.deepEqual(ledger.stepsOfRuns([]), new Map());
    });

    test("a run that nobody started cannot be finished, nor can a step that was not planned", (t) => {
      const ledger = open(t);
      assert.throws(() => ledger.finishRun("a", runFinish()), LedgerError);
      ledger.startRun(runStart("a"));
      assert.throws(() => ledger.startStep("a", 7, noon, []), LedgerError);
      assert.throws(() => ledger.finishStep("a", 7, noon, stepFinish()), LedgerError);
    });

    test("the same run cannot be started twice, and the attempt changes nothing", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      assert.throws(() => ledger.startRun(runStart("a", { job: "other" })), LedgerError);
      assert.equal(ledger.startRun(runStart("b", { job: "other" })).lockedBy, null);
    });

    test("heartbeats move the time a run was last seen and its progress, until it ends", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      ledger.startRun(runStart("b", { job: "other" }));
      ledger.markSeen("a", noon + 10_000, 0.25);
      ledger.markSeen("b", noon + 11_000, null);
      assert.equal(ledger.run("a")?.seenAt, noon + 10_000);
      assert.deepEqual([...ledger.progress()], [["a", 0.25]]);

      ledger.finishRun("a", runFinish());
      ledger.markSeen("a", noon + 90_000, 0.5);
      assert.equal(ledger.run("a")?.seenAt, noon + 60_000);
      assert.deepEqual([...ledger.progress()], []);
    });

    test("a lost run keeps the time at which its holder was last seen", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      ledger.markSeen("a", noon + 10_000, null);
      ledger.finishRun("a", runFinish({ outcome: "failed", reason: "killed", lost: true, finishedAt: noon + 999_000 }));
      const run = ledger.run("a");
      assert.equal(run?.lost, true);
      assert.equal(run?.seenAt, noon + 10_000);
    });

    test("a run that never held the lock is journaled beside the one that does", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      const skipped = runFinish({ outcome: "skipped", reason: "locked", increments: [counted("nightly")] });
      ledger.recordFinishedRun(runStart("b", { steps: [] }), skipped);
      assert.equal(ledger.run("b")?.reason, "locked");
      assert.deepEqual(ledger.totals(), [counted("nightly")]);
      assert.equal(ledger.startRun(runStart("c")).lockedBy?.id, "a", "the lock must stay with its holder");
    });

    test("children of a run are remembered until they end or the run does", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      const child = (pid: number) => ({ runId: "a", leader: { ...holder, pid }, command: `restic backup ${pid}` });
      ledger.recordChild(child(1));
      ledger.recordChild(child(2));
      ledger.recordChild(child(2));
      assert.deepEqual(ledger.children("a"), [child(1), child(2)]);
      ledger.forgetChild("a", 1);
      assert.deepEqual(ledger.children("a"), [child(2)]);
      ledger.finishRun("a", runFinish());
      assert.deepEqual(ledger.children("a"), []);
    });

    test("children of all unfinished runs can be asked for at once", (t) => {
      const ledger = open(t);
      const child = (runId: string, pid: number) => ({ runId, leader: { ...holder, pid }, command: "restic" });
      for (const [id, pid] of [
        ["a", 1],
        ["b", 2],
      ] as const) {
        ledger.startRun(runStart(id, { job: id }));
        ledger.recordChild(child(id, pid));
      }
      assert.deepEqual(ledger.children(), [child("a", 1), child("b", 2)]);
    });

    test("a finished run is unemitted until it is marked", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      assert.deepEqual(ledger.unemittedRuns(), []);
      ledger.finishRun("a", runFinish());
      assert.deepEqual(
        ledger.unemittedRuns().map((run) => run.id),
        ["a"],
      );
      assert.deepEqual(ledger.markEmitted(["a", "nobody"], noon + 61_000), ["a"]);
      assert.deepEqual(ledger.markEmitted(["a"], noon + 62_000), [], "it is somebody else's to tell");
      assert.deepEqual(ledger.unemittedRuns(), []);
      assert.equal(ledger.run("a")?.emittedAt, noon + 61_000);
    });
  });

  describe(`${name}: ends of lost runs`, () => {
    const killed = (runId: string, changes: Partial<LostEnd> = {}): LostEnd => ({
      runId,
      finishedAt: noon + 60_000,
      reason: "killed",
      message: `the process of ${runId} was killed`,
      ...changes,
    });

    test("each gets its own, the steps that had begun share it, and the locks are free", (t) => {
      const ledger = open(t);
      for (const id of ["a", "b", "alive"]) ledger.startRun(runStart(id, { job: id }));
      ledger.startStep("a", 0, noon + 1000, []);
      ledger.finishStep("a", 0, noon + 2000, stepFinish({ evidence: { path: "/a" } }));
      ledger.startStep("a", 1, noon + 3000, ["/data"]);
      ledger.recordChild({ runId: "a", leader: holder, command: "restic" });
      ledger.recordChild({ runId: "alive", leader: holder, command: "restic" });
      ledger.markSeen("b", noon + 9000, 0.5);

      assert.deepEqual(ledger.finishLostRuns([killed("b", { reason: "reboot" }), killed("a")]), ["b", "a"]);

      const told = ({ outcome, reason, message }: Pick<Step, "outcome" | "reason" | "message">) => [
        outcome,
        reason,
        message,
      ];
      const [a, b] = [ledger.run("a"), ledger.run("b")];
      assert(a && b);
      assert.deepEqual(told(a), ["failed", "killed", "the process of a was killed"]);
      assert.deepEqual(told(b), ["failed", "reboot", "the process of b was killed"]);
      assert.deepEqual([b.finishedAt, b.seenAt, b.lost], [noon + 60_000, noon + 9000, true]);
      assert.deepEqual(ledger.steps("a").map(told), [["success", null, null], told(a)]);
      assert.deepEqual(ledger.steps("a")[1]?.inputs, ["/data"]);
      assert.equal(ledger.steps("a")[1]?.finishedAt, noon + 60_000);
      assert.deepEqual(
        ledger.steps("b").map(({ outcome, finishedAt }) => [outcome, finishedAt]),
        [
          [null, null],
          [null, null],
        ],
        "what it never came to has no end",
      );
      assert.deepEqual(
        ledger.children().map(({ runId }) => runId),
        ["alive"],
      );
      assert.deepEqual([...ledger.progress()], []);
      assert.deepEqual(
        ["a", "b", "alive"].map((job) => ledger.startRun(runStart(`next-${job}`, { job })).lockedBy?.id),
        [undefined, undefined, "alive"],
      );
    });

    test("what has an end keeps it, and counts once", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      ledger.startRun(runStart("b", { job: "other" }));
      ledger.finishRun("b", runFinish());
      const before = ledger.run("b");
      assert.deepEqual(ledger.finishLostRuns([killed("a"), killed("b"), killed("nobody"), killed("a")]), ["a"]);
      assert.deepEqual(ledger.run("b"), before);
      assert.deepEqual(ledger.finishLostRuns([killed("a", { reason: "oom" })]), []);
      assert.equal(ledger.finishRun("a", runFinish()), false, "who comes back from the dead finds its end there");
      assert.equal(ledger.run("a")?.reason, "killed");
      assert.deepEqual(ledger.finishLostRuns([]), []);
      const lost = ledger.totals().filter(({ metric }) => metric === "jobLost");
      assert.deepEqual(lost, [{ metric: "jobLost", labels: { job: "nightly", reason: "killed" }, value: 1 }]);
    });

    test("a run that ends before another can have an end of its own is not left half done", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      ledger.startRun(runStart("b", { job: "other" }));
      ledger.startStep("a", 0, noon + 1000, []);
      const states = () => [ledger.unfinishedRuns(), ledger.steps("a"), ledger.totals(), ledger.jobStates()];
      const before = states();
      assert.throws(() => ledger.finishLostRuns([killed("a"), killed("b", { message: {} as never })]), LedgerError);
      assert.deepEqual(states(), before);
    });

    test("nothing ends before it began, where the clock was set back", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      ledger.startStep("a", 0, noon + 1000, []);
      ledger.finishLostRuns([killed("a", { finishedAt: noon - 86_400_000 })]);
      assert.equal(ledger.run("a")?.finishedAt, noon);
      assert.equal(ledger.steps("a")[0]?.finishedAt, noon + 1000);
    });

    test("thousands together come to the same as each by itself", (t) => {
      const step = fc.record({
        kind: fc.constantFrom("snapshot", "backup", "prune", "other"),
        target: fc.constantFrom("home", "vault", null),
        life: fc.constantFrom("planned", "begun", "success", "failed", "partial", "skipped"),
      } as const);
      const lostRun = fc.record({
        steps: fc.array(step, { maxLength: 4 }),
        reason: fc.constantFrom("killed", "oom", "timeout", "reboot"),
        isUnfinished: fc.boolean(),
      } as const);
      fc.assert(
        fc.property(fc.array(lostRun, { maxLength: 5 }), (runs) => {
          const ledgers = [open(t), open(t)] as const;
          const ends = runs.map(({ reason }, n) => killed(`run-${n}`, { reason }));
          for (const ledger of ledgers) for (const [n, run] of runs.entries()) live(ledger, `run-${n}`, run);
          const [together, single] = ledgers;
          const ours = together.finishLostRuns(ends);
          assert.deepEqual(
            ours,
            ends.filter((end) => endAlone(single, end)).map(({ runId }) => runId),
          );
          const known = (ledger: Ledger) => ({
            runs: ledger.runs({}),
            steps: runs.map((_, n) => ledger.steps(`run-${n}`)),
            totals: ledger.totals(),
            jobs: ledger.jobStates(),
            last: ledger.lastSteps(),
            unemitted: ledger.unemittedRuns(),
          });
          assert.deepEqual(known(together), known(single));
          for (const ledger of ledgers) ledger.close();
        }),
        { numRuns: 60 },
      );
    });

    interface Life {
      readonly steps: readonly { readonly kind: Step["kind"]; readonly target: string | null; readonly life: string }[];
      readonly isUnfinished: boolean;
    }

    function live(ledger: Ledger, id: string, { steps, isUnfinished }: Life): void {
      const plans = steps.map((step, position) => ({ ...snapshotStep, ...step, id: `step-${position}`, position }));
      // Its job has failed before.
      journalRun(ledger, runStart(`${id}-before`, { job: id }), runFinish({ outcome: "failed", reason: "network" }));
      ledger.startRun(runStart(id, { job: id, startedAt: noon + 30_000, steps: plans }));
      for (const { position, life } of plans) {
        if (life === "planned") continue;
        ledger.startStep(id, position, noon + 31_000, []);
        if (life === "begun") continue;
        const outcome = life as "success" | "failed" | "partial" | "skipped";
        const reason = outcome === "success" ? null : outcome === "skipped" ? "condition" : "network";
        ledger.finishStep(id, position, noon + 32_000, stepFinish({ outcome, reason, bytes: 7 }));
      }
      if (!isUnfinished) ledger.finishRun(id, runFinish());
    }

    /** What `finishLostRuns` promises to do, said with the methods for one. */
    function endAlone(ledger: Ledger, { runId, finishedAt, reason, message }: LostEnd): boolean {
      const run = ledger.run(runId);
      assert(run);
      if (run.finishedAt !== null) return false;
      const failed = { outcome: "failed", reason, message } as const;
      for (const { position, startedAt, finishedAt: ended } of ledger.steps(runId)) {
        if (startedAt !== null && ended === null) ledger.finishStep(runId, position, finishedAt, stepFinish(failed));
      }
      const counted = { job: run.job, outcome: "failed", reason } as const;
      const increments = incrementsOf(counted, ledger.steps(runId), { lost: true, journaled: run.journaled });
      return ledger.finishRun(runId, { ...failed, finishedAt, lost: true, increments });
    }
  });

  describe(`${name}: steps`, () => {
    test("a step tells what it read, how it ended and what it left behind", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      ledger.startStep("a", 0, noon + 1000, ["/data/home", "/data/ü 'x'\n"]);
      const finish = stepFinish({
        outcome: "failed",
        reason: "verification",
        message: "not read-only",
        attempts: 3,
        exitCode: 1,
        signal: "SIGTERM",
        bytes: 12_345_678_901_234,
        files: 7,
        evidence: { path: "/snapshots/home.1", nested: { list: [1, null, "x"] } },
        tail: "last line\0",
      });
      ledger.finishStep("a", 0, noon + 2000, finish);
      const [step, planned] = ledger.steps("a");
      assert.deepEqual(step, {
        runId: "a",
        ...snapshotStep,
        startedAt: noon + 1000,
        finishedAt: noon + 2000,
        inputs: ["/data/home", "/data/ü 'x'\n"],
        ...finish,
      });
      assert.equal(planned?.startedAt, null);
      assert.equal(ledger.run("a")?.seenAt, noon + 1000, "a step that starts is a sign of life");
    });

    test("the last success of each step of each job is remembered, also when the clock was set back", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      ledger.finishStep("a", 0, noon + 5000, stepFinish({ evidence: { path: "/1" } }));
      ledger.finishStep("a", 1, noon + 6000, stepFinish({ outcome: "failed", reason: "network" }));
      ledger.finishRun("a", runFinish());
      ledger.startRun(runStart("b"));
      ledger.finishStep("b", 0, noon - 5000, stepFinish({ evidence: { path: "/2" }, bytes: 10, files: 2 }));
      assert.deepEqual(ledger.lastSteps(), [
        {
          job: "nightly",
          id: "snap",
          uses: "snapshot.btrfs",
          kind: "snapshot",
          target: "home",
          runStartedAt: runStart("b").startedAt,
          finishedAt: noon - 5000,
          bytes: 10,
          files: 2,
          evidence: { path: "/2" },
        },
      ]);
    });
  });

  describe(`${name}: the past of a step`, () => {
    test("successes of one step of a job come back, the newest first, as many as are asked for", (t) => {
      const ledger = open(t);
      const runs = ["a", "b", "c", "d"] as const;
      for (const [index, id] of runs.entries()) {
        const startedAt = noon + index * 1000;
        ledger.startRun(runStart(id, { startedAt }));
        ledger.startStep(id, 0, startedAt + 1, []);
        const outcome = id === "b" ? ({ outcome: "failed", reason: "network" } as const) : {};
        ledger.finishStep(id, 0, startedAt + 2, stepFinish({ bytes: index, evidence: { path: `/${id}` }, ...outcome }));
        ledger.finishRun(id, runFinish());
      }
      const past = ledger.pastSteps({ job: "nightly", id: "snap", uses: "snapshot.btrfs" }, 2);
      assert.deepEqual(
        past.map(({ runId, bytes, evidence, startedAt }) => [runId, bytes, evidence["path"], startedAt - noon]),
        [
          ["d", 3, "/d", 3001],
          ["c", 2, "/c", 2001],
        ],
      );
      assert.equal(ledger.pastSteps({ job: "nightly", id: "snap", uses: "snapshot.btrfs" }, 10).length, 3);
      for (const other of [{ job: "other" }, { id: "other" }, { uses: "other" }])
        assert.deepEqual(ledger.pastSteps({ job: "nightly", id: "snap", uses: "snapshot.btrfs", ...other }, 10), []);
    });
  });

  describe(`${name}: what must not outlive its step`, () => {
    test("is remembered until it is gone, also when its run has ended and was pruned", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("a"));
      const scratch = { id: "a/1", runId: "a", job: "nightly", uses: "scratch", what: { path: "/tmp/x" } };
      const upload = { id: "a/2", runId: "a", job: "nightly", uses: "archive.btrfs-send", what: { key: "k", part: 3 } };
      ledger.recordLeftover(scratch);
      ledger.recordLeftover(upload);
      ledger.finishRun("a", runFinish());
      ledger.markEmitted(["a"], noon);
      assert.equal(ledger.pruneRuns(noon + 1), 1);
      assert.deepEqual(ledger.leftovers(), [scratch, upload]);
      ledger.forgetLeftover("a/1");
      ledger.forgetLeftover("a/1");
      assert.deepEqual(ledger.leftovers(), [upload]);
    });
  });

  describe(`${name}: what a job has come to`, () => {
    test("a job that has never run has a state from its declaration on", (t) => {
      const ledger = open(t);
      ledger.declare("policy", ["nightly", "only a policy"], 1);
      ledger.declare("job", ["nightly"], noon);
      assert.deepEqual(ledger.jobStates(), [
        {
          job: "nightly",
          declaredAt: noon,
          lastStartedAt: null,
          lastFinishedAt: null,
          lastOutcome: null,
          lastReason: null,
          lastSuccessAt: null,
          lastDurationSeconds: null,
          lastBytes: null,
          lastRunId: null,
          consecutiveFailures: 0,
        },
      ]);
    });

    test("a start shows at once; outcome, duration and bytes follow at the end", (t) => {
      const ledger = open(t);
      ledger.declare("job", ["nightly"], noon - 5);
      ledger.startRun(runStart("a"));
      assert.equal(ledger.jobStates()[0]?.lastStartedAt, noon);
      assert.equal(ledger.jobStates()[0]?.lastFinishedAt, null);
      ledger.finishStep("a", 0, noon + 1, stepFinish({ bytes: 5 }));
      ledger.finishStep("a", 1, noon + 2, stepFinish({ bytes: 300 }));
      ledger.finishRun("a", runFinish({ finishedAt: noon + 1500 }));
      assert.deepEqual(ledger.jobStates(), [
        {
          job: "nightly",
          declaredAt: noon - 5,
          lastStartedAt: noon,
          lastFinishedAt: noon + 1500,
          lastOutcome: "success",
          lastReason: null,
          lastSuccessAt: noon + 1500,
          lastDurationSeconds: 1.5,
          lastBytes: 300,
          lastRunId: "a",
          consecutiveFailures: 0,
        },
      ]);
    });

    test("failures count up from the last success; partial and skipped runs leave the count alone", (t) => {
      const ledger = open(t);
      const outcomes = ["failed", "success", "failed", "partial", "failed", "skipped"] as const;
      const counts = outcomes.map((outcome, index) => {
        const finishedAt = noon + index * 1000;
        journalRun(
          ledger,
          runStart(`${index}`, { startedAt: finishedAt - 500, steps: [] }),
          runFinish({ outcome, finishedAt }),
        );
        return ledger.jobStates()[0]?.consecutiveFailures;
      });
      assert.deepEqual(counts, [1, 0, 1, 1, 2, 2]);
      const [state] = ledger.jobStates();
      assert.equal(state?.lastOutcome, "failed", "a skipped run is not what became of the job");
      assert.equal(state?.lastRunId, "4");
      assert.equal(state?.lastSuccessAt, noon + 1000);
    });

    test("a skipped run that never held the lock moves no time of its job", (t) => {
      const ledger = open(t);
      journalRun(ledger, runStart("a"), runFinish());
      const before = ledger.jobStates();
      ledger.recordFinishedRun(
        runStart("b", { startedAt: noon + 5000 }),
        runFinish({ outcome: "skipped", reason: "locked" }),
      );
      assert.deepEqual(ledger.jobStates(), before);
    });

    test("a run that failed before its first step counts as failed", (t) => {
      const ledger = open(t);
      ledger.recordFinishedRun(runStart("a"), runFinish({ outcome: "failed", reason: "config" }));
      const [state] = ledger.jobStates();
      assert.equal(state?.lastStartedAt, noon);
      assert.equal(state?.lastReason, "config");
      assert.equal(state?.consecutiveFailures, 1);
      assert.equal(ledger.steps("a").length, 2);
    });
  });

  describe(`${name}: declarations`, () => {
    test("each name keeps its first moment; what is gone is forgotten; kinds do not mix", (t) => {
      const ledger = open(t);
      ledger.declare("policy", ["a"], 1);
      assert.deepEqual([...ledger.declare("job", ["a", "b"], 100)].sort(), [
        ["a", 100],
        ["b", 100],
      ]);
      assert.deepEqual([...ledger.declare("job", ["b", "c"], 200)].sort(), [
        ["b", 100],
        ["c", 200],
      ]);
      ledger.declare("job", ["a", "b", "c"], 300);
      assert.equal(ledger.declared("job").get("a"), 300);
      assert.deepEqual([...ledger.declared("policy")], [["a", 1]]);
    });

    test("declaring the same again writes nothing", (t) => {
      const ledger = open(t);
      ledger.declare("job", ["a", "b"], 100);
      const version = ledger.version();
      assert.deepEqual([...ledger.declare("job", ["b", "a"], 200).values()], [100, 100]);
      assert.equal(ledger.version(), version);
    });
  });

  describe(`${name}: totals`, () => {
    test("labels in another order are the same series", (t) => {
      const ledger = open(t);
      ledger.addToTotals([{ metric: "jobRuns", labels: { job: "a", outcome: "success", reason: "none" }, value: 1 }]);
      ledger.addToTotals([{ metric: "jobRuns", labels: { reason: "none", outcome: "success", job: "a" }, value: 2 }]);
      assert.deepEqual(ledger.totals(), [counted("a", 3)]);
    });

    test("an age cannot be added up, and nothing of such a call is kept", (t) => {
      const ledger = open(t);
      const age: Sample = { metric: "snapshotAge", labels: { subvol: "home" }, since: 1 };
      assert.throws(() => ledger.addToTotals([counted("a"), age]), LedgerError);
      assert.deepEqual(ledger.totals(), []);
    });

    test("what another version counted is kept, and not told: nobody here could name it", (t) => {
      const ledger = open(t);
      ledger.addToTotals([counted("a"), { metric: "unheardOf", labels: {}, value: 1 } as never]);
      assert.deepEqual(ledger.totals(), [counted("a")]);
    });

    test("reasons beyond what a ledger holds of them are counted together, and no sum is wrong", (t) => {
      const ledger = open(t);
      const failed = (job: string, reason: Reason): Sample => {
        return { metric: "jobRuns", labels: { job, outcome: "failed", reason }, value: 1 };
      };
      const many = Array.from({ length: mostCountedReasons + 1 }, (_, index) => failed(`job-${index}`, "network"));
      ledger.addToTotals([counted("a"), ...many]);
      ledger.addToTotals([failed("job-1", "network"), failed("job-1", "space"), failed("job-1", "auth"), counted("b")]);
      const plain: Sample = { metric: "backupCompleted", labels: { job: "plain", target: "main" }, value: 1 };
      ledger.addToTotals([plain]);
      const ofJob = (job: string) =>
        ledger
          .totals()
          .filter(({ labels }) => (labels as { job: string }).job === job)
          .map(({ labels, value }) => [(labels as { reason: string }).reason, value]);
      assert.deepEqual(ofJob("job-1"), [
        ["network", 2],
        ["other", 2],
      ]);
      assert.deepEqual(ofJob(`job-${mostCountedReasons}`), [["other", 1]]);
      assert.deepEqual(ofJob("b"), [["none", 1]]);
      assert.deepEqual(ofJob("plain"), [[undefined, 1]], "it has no reason, and gets none");
      assert.equal(ledger.totals().length, mostCountedReasons + 5);
    });

    test("totals are the sum of all increments, whatever else happened and however much was pruned", (t) => {
      const ledger = open(t);
      const job = fc.constantFrom("a", "b", 'c "ü"\n');
      const action = fc.oneof(
        fc.record({ does: fc.constant("run" as const), job, value: fc.integer({ min: 0, max: 1000 }) }),
        fc.record({ does: fc.constant("skip" as const), job, value: fc.integer({ min: 0, max: 1000 }) }),
        fc.record({ does: fc.constant("import" as const), job, value: fc.integer({ min: 0, max: 1000 }) }),
        fc.record({ does: fc.constant("add" as const), job, value: fc.integer({ min: 0, max: 1000 }) }),
        fc.record({ does: fc.constant("prune" as const), job, value: fc.integer({ min: 0, max: 1000 }) }),
      );
      const expected = new Map<string, number>();
      let id = 0;
      fc.assert(
        fc.property(fc.array(action, { maxLength: 12 }), (actions) => {
          for (const { does, job, value } of actions) {
            id += 1;
            const increments = [counted(job, value)];
            const start = runStart(`run-${id}`, { job, startedAt: noon + value, steps: [] });
            if (does === "run") journalRun(ledger, start, runFinish({ increments }));
            else if (does === "skip") ledger.recordFinishedRun(start, runFinish({ outcome: "skipped", increments }));
            else if (does === "add") ledger.addToTotals(increments);
            else if (does === "import") {
              ledger.recordFinishedRun(start, runFinish());
              const run = ledger.run(start.id);
              assert(run);
              ledger.importRun({ ...run, id: `imported-${id}` }, [], increments);
            } else {
              ledger.markEmitted(
                ledger.unemittedRuns().map(({ id }) => id),
                noon,
              );
              ledger.pruneRuns(noon + value);
            }
            if (does !== "prune") expected.set(job, (expected.get(job) ?? 0) + value);
          }
          const totals = ledger.totals().map(({ labels, value }) => [(labels as { job: string }).job, value] as const);
          assert.deepEqual(new Map(totals), expected);
        }),
        { numRuns: 40 },
      );
    });
  });

  describe(`${name}: observations`, () => {
    const observation: Observation = {
      collector: "snapshots",
      observedAt: 1_763_726_400.25,
      succeededAt: 1_763_726_400.25,
      attemptedAt: 1_763_726_400.5,
      durationSeconds: 0.021,
      error: null,
      samples: [{ metric: "snapshotAge", labels: { subvol: "home" }, since: 5 }],
      artifacts: [{ subject: "home", name: "/snapshots/home.1", at: 5 }],
    };

    test("the last one of each collector is kept as it was given, also one that failed", (t) => {
      const ledger = open(t);
      ledger.saveObservation({ ...observation, artifacts: [] });
      ledger.saveObservation(observation);
      const failed = {
        ...observation,
        collector: "restic",
        error: "wrong password",
        observedAt: null,
        succeededAt: null,
        samples: [],
        artifacts: [],
      };
      ledger.saveObservation(failed);
      assert.deepEqual(ledger.observations(), [failed, observation]);
      ledger.saveObservation({ ...observation, attemptedAt: 7 });
      assert.equal(ledger.observations()[1]?.attemptedAt, 7);
    });
  });

  describe(`${name}: histories of numbers`, () => {
    const point = (at: number, bytes: number, series = "cost/bucket/a") => ({ series, at, values: { bytes } });

    test("points come back oldest first, of their own series, within the time asked for", (t) => {
      const ledger = open(t);
      ledger.recordMeasurements([point(30, 3), point(10, 1), point(20, 2), point(20, 9, "cost/bucket/b")]);
      assert.deepEqual(ledger.measurements({ series: "cost/bucket/a" }), [point(10, 1), point(20, 2), point(30, 3)]);
      assert.deepEqual(ledger.measurements({ series: "cost/bucket/a", from: 20, to: 30 }), [point(20, 2)]);
      assert.deepEqual(ledger.measurements({ series: "cost/bucket" }), []);
    });

    test("a second point at the same moment replaces the first", (t) => {
      const ledger = open(t);
      ledger.recordMeasurements([point(10, 1)]);
      ledger.recordMeasurements([point(10, 5)]);
      assert.deepEqual(ledger.measurements({ series: "cost/bucket/a" }), [point(10, 5)]);
    });

    test("series are found by how they begin, and what a person named holds no wildcards", (t) => {
      const ledger = open(t);
      ledger.recordMeasurements(
        ["cost/a_b/x", "cost/axb/x", "cost/%", "objectives/x"].map((series) => point(1, 1, series)),
      );
      assert.deepEqual(ledger.measuredSeries("cost/a_b/"), ["cost/a_b/x"]);
      assert.deepEqual(ledger.measuredSeries("cost/%"), ["cost/%"]);
      assert.deepEqual(ledger.measuredSeries("nothing"), []);
    });

    test("what is older than a moment is removed, the rest stays", (t) => {
      const ledger = open(t);
      ledger.recordMeasurements([point(10, 1), point(20, 2)]);
      assert.equal(ledger.pruneMeasurements(20_000), 1);
      assert.deepEqual(ledger.measurements({ series: "cost/bucket/a" }), [point(20, 2)]);
    });
  });

  describe(`${name}: notes of collectors`, () => {
    test("a note is its owner's, is replaced, and is forgotten", (t) => {
      const ledger = open(t);
      assert.equal(ledger.recall("cost", "cursor"), null);
      ledger.remember("cost", "cursor", { key: "a", pages: [1, 2] });
      ledger.remember("restic", "cursor", "other");
      assert.deepEqual(ledger.recall("cost", "cursor"), { key: "a", pages: [1, 2] });
      ledger.remember("cost", "cursor", 7);
      assert.equal(ledger.recall("cost", "cursor"), 7);
      ledger.remember("cost", "cursor", null);
      assert.equal(ledger.recall("cost", "cursor"), null);
      assert.equal(ledger.recall("restic", "cursor"), "other");
    });
  });

  describe(`${name}: a note that several want`, () => {
    test("is revised as it is now; a revision that fails changes nothing", (t) => {
      const ledger = open(t);
      const add = (known: unknown) => [...((known ?? []) as string[]), "one more"];
      ledger.revise("engine", "list", add);
      ledger.revise("engine", "list", add);
      assert.deepEqual(ledger.recall("engine", "list"), ["one more", "one more"]);
      assert.throws(() =>
        ledger.revise("engine", "list", () => {
          throw new Error("no");
        }),
      );
      assert.deepEqual(ledger.recall("engine", "list"), ["one more", "one more"]);
      ledger.revise("engine", "list", () => null);
      assert.equal(ledger.recall("engine", "list"), null);
    });
  });

  describe(`${name}: the awake journal`, () => {
    test("what follows without a gap is one stretch; a gap begins another", (t) => {
      const ledger = open(t);
      ledger.markAwake(1000, 2000);
      ledger.markAwake(2000, 3000);
      ledger.markAwake(9000, 9500);
      assert.deepEqual(ledger.awake(0, 20_000), [
        { from: 1000, until: 3000 },
        { from: 9000, until: 9500 },
      ]);
    });

    test("the answer is clipped to the question", (t) => {
      const ledger = open(t);
      ledger.markAwake(1000, 3000);
      ledger.markAwake(9000, 9500);
      assert.deepEqual(ledger.awake(2000, 9200), [
        { from: 2000, until: 3000 },
        { from: 9000, until: 9200 },
      ]);
      assert.deepEqual(ledger.awake(3000, 9000), []);
    });

    test("a stretch that is empty or runs backwards is not journaled; one that is told twice is there once", (t) => {
      const ledger = open(t);
      ledger.markAwake(1000, 1000);
      ledger.markAwake(2000, 1000);
      assert.deepEqual(ledger.awake(0, 9000), []);
      ledger.markAwake(1000, 3000);
      ledger.markAwake(1000, 2000);
      assert.deepEqual(ledger.awake(0, 9000), [{ from: 1000, until: 3000 }]);
    });

    test("stretches that ended before a moment are removed", (t) => {
      const ledger = open(t);
      ledger.markAwake(1000, 2000);
      ledger.markAwake(4000, 6000);
      assert.equal(ledger.pruneAwake(5000), 1);
      assert.deepEqual(ledger.awake(0, 9000), [{ from: 4000, until: 6000 }]);
    });
  });

  describe(`${name}: the journal`, () => {
    test("runs are told newest first, by job, outcome, time and number", (t) => {
      const ledger = open(t);
      for (let index = 0; index < 30; index += 1) {
        const job = index % 2 === 0 ? "even" : "odd";
        const outcome = index % 3 === 0 ? "failed" : "success";
        journalRun(
          ledger,
          runStart(`r${index}`, { job, startedAt: noon + index, steps: [] }),
          runFinish({ outcome, finishedAt: noon + index + 10 }),
        );
      }
      const ids = (query: Parameters<Ledger["runs"]>[0]) => ledger.runs(query).map((run) => run.id);
      assert.equal(ids({}).length, 20);
      assert.equal(ids({})[0], "r29");
      assert.deepEqual(ids({ job: "odd", limit: 3 }), ["r29", "r27", "r25"]);
      assert.deepEqual(ids({ outcome: "failed", limit: 3 }), ["r27", "r24", "r21"]);
      assert.deepEqual(ids({ outcome: "success", limit: 2 }), ["r29", "r28"]);
      assert.deepEqual(ids({ before: noon + 5, limit: 3 }), ["r4", "r3", "r2"]);
      assert.deepEqual(ids({ job: "even", outcome: "failed", before: noon + 20, limit: 2 }), ["r18", "r12"]);
      assert.deepEqual(ids({ job: "no such" }), []);
    });

    test("pruning removes old finished, emitted runs with their steps, and nothing else", (t) => {
      const ledger = open(t);
      for (const id of ["old", "unemitted"]) {
        ledger.startRun(runStart(id));
        ledger.finishStep(id, 0, noon + 1, stepFinish());
        ledger.finishRun(id, runFinish({ increments: [counted("x")] }));
      }
      ledger.markEmitted(["old"], noon);
      journalRun(ledger, runStart("young", { startedAt: noon + 5000 }), runFinish());
      ledger.markEmitted(["young"], noon);
      ledger.startRun(runStart("alive", { job: "other" }));
      const [states, totals, lastSteps] = [ledger.jobStates(), ledger.totals(), ledger.lastSteps()];

      assert.equal(ledger.pruneRuns(noon + 5000), 1);
      assert.deepEqual(
        ledger
          .runs({})
          .map((run) => run.id)
          .sort(),
        ["alive", "unemitted", "young"],
      );
      assert.deepEqual(ledger.steps("old"), []);
      assert.equal(ledger.startRun(runStart("b", { job: "other" })).lockedBy?.id, "alive");
      assert.deepEqual([ledger.jobStates(), ledger.totals(), ledger.lastSteps()], [states, totals, lastSteps]);
      assert.equal(ledger.pruneRuns(noon + 5000), 0);
    });
  });

  describe(`${name}: runs from another ledger`, () => {
    const elsewhere = (t: TestContext, id: string, outcome: "success" | "failed" | "skipped", finishedAt: number) => {
      const other = open(t);
      other.startRun(runStart(id, { startedAt: finishedAt - 1000 }));
      other.startStep(id, 0, finishedAt - 900, ["/data"]);
      other.finishStep(id, 0, finishedAt - 800, stepFinish({ evidence: { path: `/${id}` }, tail: "x" }));
      other.finishRun(id, runFinish({ outcome, finishedAt }));
      const run = other.run(id);
      assert(run);
      return { run: { ...run, journaled: false }, steps: other.steps(id), states: other.jobStates() };
    };

    test("a run is taken in with its steps, totals and state, once", (t) => {
      const ledger = open(t);
      const { run, steps, states } = elsewhere(t, "a", "success", noon);
      assert.equal(ledger.importRun(run, steps, [counted("x")]), true);
      assert.equal(ledger.importRun(run, steps, [counted("x")]), false);
      assert.deepEqual(ledger.run("a"), run);
      assert.deepEqual(ledger.steps("a"), steps);
      assert.deepEqual(ledger.totals(), [counted("x")]);
      assert.deepEqual(ledger.jobStates(), states);
      assert.deepEqual(ledger.lastSteps()[0]?.evidence, { path: "/a" });
    });

    test("it takes the place of its own unfinished row and gives the lock back", (t) => {
      const ledger = open(t);
      const { run, steps } = elsewhere(t, "a", "failed", noon);
      ledger.startRun(runStart("a"));
      assert.equal(ledger.importRun(run, steps, []), true);
      assert.equal(ledger.run("a")?.outcome, "failed");
      assert.deepEqual(ledger.startRun(runStart("b")), { lockedBy: null });
    });

    test("it does not touch the lock of another run of its job", (t) => {
      const ledger = open(t);
      ledger.startRun(runStart("b"));
      const { run, steps } = elsewhere(t, "a", "success", noon);
      ledger.importRun(run, steps, []);
      assert.equal(ledger.startRun(runStart("c")).lockedBy?.id, "b");
    });

    test("it hides nothing newer: last outcome and last step stay, failures are counted from the latest success", (t) => {
      const ledger = open(t);
      const at = (seconds: number) => noon + seconds * 1000;
      const fail = (id: string, seconds: number) =>
        journalRun(
          ledger,
          runStart(id, { startedAt: at(seconds) - 1000 }),
          runFinish({ outcome: "failed", finishedAt: at(seconds) }),
        );
      const take = (id: string, outcome: "success" | "failed" | "skipped", seconds: number) => {
        const { run, steps } = elsewhere(t, id, outcome, at(seconds));
        ledger.importRun(run, steps, []);
        return ledger.jobStates()[0];
      };
      fail("f10", 10);
      fail("f30", 30);
      ledger.startRun(runStart("now", { startedAt: at(40) }));
      ledger.finishStep("now", 0, at(41), stepFinish({ evidence: { path: "/now" } }));

      assert.equal(take("f25", "failed", 25)?.consecutiveFailures, 3);
      const afterSuccess = take("s20", "success", 20);
      assert.equal(afterSuccess?.consecutiveFailures, 2, "those at 25 and 30");
      assert.equal(afterSuccess?.lastSuccessAt, at(20));
      assert.equal(afterSuccess?.lastOutcome, "failed");
      assert.equal(afterSuccess?.lastRunId, "f30");
      assert.equal(afterSuccess?.lastStartedAt, at(40));
      assert.deepEqual(take("f15", "failed", 15), afterSuccess);
      assert.deepEqual(take("s12", "success", 12), afterSuccess);
      assert.deepEqual(ledger.lastSteps()[0]?.evidence, { path: "/now" });
      assert.deepEqual(take("k50", "skipped", 50), afterSuccess);
    });

    test("an unfinished run is not taken in", (t) => {
      const ledger = open(t);
      const { run } = elsewhere(t, "a", "success", noon);
      assert.throws(() => ledger.importRun({ ...run, finishedAt: null, outcome: null }, [], []), LedgerError);
    });
  });

  describe(`${name}: version and size`, () => {
    test("the version changes with every write and stays without one", (t) => {
      const ledger = open(t);
      const versions = [ledger.version(), ledger.version()];
      assert.equal(versions[0], versions[1]);
      ledger.startRun(runStart("a"));
      const started = ledger.version();
      assert.notEqual(started, versions[0]);
      ledger.jobStates();
      assert.equal(ledger.version(), started);
      ledger.markSeen("a", noon, null);
      assert.notEqual(ledger.version(), started);
    });

    test("the size is that of at least its pages", (t) => {
      assert.ok(open(t).sizeBytes() >= 4096);
    });

    test("a closed ledger says so with a LedgerError", (t) => {
      const ledger = open(t);
      ledger.close();
      ledger.close();
      assert.throws(() => ledger.jobStates(), LedgerError);
    });
  });

  function plannedStep(plan: StepPlan): Step {
    return {
      runId: "a",
      ...plan,
      startedAt: null,
      finishedAt: null,
      ...stepFinish({ outcome: null, attempts: 0 }),
      inputs: [],
    };
  }
}
