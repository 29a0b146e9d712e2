import { stepId } from "../config/declaration.ts";
import type { JobConfig } from "../config/sections/jobs.ts";
import type { RunStart } from "../ledger/ledger.ts";
import { formatDuration, formatMoment } from "../model/quantity.ts";
import { decisiveStep, explainFailure, outcomeOfSteps, StepError, toStepError } from "../model/run/outcome.ts";
import type { Run, StepPlan } from "../model/run/run.ts";
import { incrementsOf } from "../model/samples/counters.ts";
import type { Runner } from "../runners/runner.ts";
import { unmetCondition } from "./conditions.ts";
import { heartbeat } from "./presence.ts";
import { newRunId } from "./run-id.ts";
import type { RunReport, RunRequest, RunServices } from "./run-request.ts";
import { createStepRunner } from "./run-step.ts";
import { startTimeLimit } from "./time-limit.ts";

/**
 * One execution of a job from its lock to its end in the ledger. It never throws for what a step does: every way to end is an outcome.
 * Emission to DogStatsD is not its business: the ledger knows which finished runs have not been emitted yet.
 */
export async function runJob(request: RunRequest, world: RunServices): Promise<RunReport> {
  const services = { ...world, now: forwardOnly(world.now) };
  const { config, job } = request;
  const { journal, now, observer } = services;
  const jobConfig = config.jobs[job];
  if (!jobConfig) throw new StepError("config", `there is no job ${job} in the configuration`);

  const startedAt = now();
  const plans = planSteps(jobConfig, request.runnerFor);
  const start: RunStart = {
    id: newRunId(startedAt, services.random),
    job,
    trigger: request.trigger,
    startedAt,
    deadlineAt: startedAt + jobConfig.deadline * 1000,
    holder: services.holder,
    steps: plans,
  };

  const elsewhere = services.heldElsewhere(job);
  const lockedBy = elsewhere ?? journal.write((ledger) => ledger.startRun(start)).lockedBy;
  if (lockedBy) return skipLocked(start, lockedBy, services);

  observer.started?.({ id: start.id, job, steps: plans });
  const deadline = startTimeLimit(
    jobConfig.deadline,
    `the run reached its deadline of ${formatDuration(jobConfig.deadline)}`,
    `raise jobs.${job}.deadline if that is normal`,
  );
  let ratio: number | null = null;
  const beat = setInterval(() => journal.note((ledger) => ledger.markSeen(start.id, now(), ratio)), heartbeat);

  const signal = AbortSignal.any([request.signal, deadline.signal]);
  const runSteps = createStepRunner(request, services, {
    start,
    signal,
    onProgress: (plan, progress) => {
      ratio = progress.ratio ?? null;
      observer.stepProgress?.(plan, progress);
    },
  });
  let failure: StepError | null = null;
  let unmet: string | null = null;
  try {
    unmet = jobConfig.only_if === undefined ? null : await unmetCondition(jobConfig.only_if, { signal });
    if (unmet === null) await runSteps();
  } catch (error) {
    failure = toStepError(error);
  } finally {
    deadline.clear();
    clearInterval(beat);
  }
  return finish(start, failure, unmet, services);
}

/** A clock that is set back while the run is under way must not make it, or one of its steps, end before it began. */
function forwardOnly(now: () => number): () => number {
  let latest = 0;
  return () => {
    latest = Math.max(latest, now());
    return latest;
  };
}

/** @param unmet why nothing was executed, though nothing failed */
function finish(start: RunStart, failure: StepError | null, unmet: string | null, services: RunServices): RunReport {
  const { journal } = services;
  const steps = journal.read((ledger) => ledger.steps(start.id));
  const verdict = outcomeOfSteps(
    steps.flatMap((step) =>
      step.outcome ? [{ outcome: step.outcome, reason: step.reason, optional: step.optional }] : [],
    ),
  );
  const ended = failure
    ? { outcome: "failed" as const, reason: failure.reason }
    : unmet !== null
      ? { outcome: "skipped" as const, reason: "condition" as const }
      : verdict;
  // A step's message is redacted; what ends a run beside its steps (deadline, cancellation) holds no secret.
  const message = decisiveStep(steps)?.message ?? (failure ? explainFailure(failure) : unmet);
  const finishedAt = services.now();
  journal.write((ledger) => {
    const journaled = journal.problem === null;
    const increments = incrementsOf({ job: start.job, ...ended }, steps, { lost: false, journaled });
    return ledger.finishRun(start.id, { finishedAt, ...ended, message, increments });
  });
  return report(start.id, null, services);
}

function skipLocked(start: RunStart, holder: Run, services: RunServices): RunReport {
  const since = formatMoment(holder.startedAt);
  const message = `run ${holder.id} (process ${holder.holder.pid}, since ${since}) holds the lock`;
  const ended = { outcome: "skipped", reason: "locked" } as const;
  services.journal.write((ledger) =>
    ledger.recordFinishedRun(
      { ...start, steps: [] },
      {
        finishedAt: services.now(),
        ...ended,
        message,
        increments: incrementsOf({ job: start.job, ...ended }, [], {
          lost: false,
          journaled: services.journal.problem === null,
        }),
      },
    ),
  );
  return report(start.id, holder, services);
}

function report(runId: string, lockedBy: Run | null, services: RunServices): RunReport {
  const { journal } = services;
  const [run, steps] = journal.read((ledger) => [ledger.run(runId), ledger.steps(runId)] as const);
  if (!run) throw new Error(`run ${runId} was written and cannot be read back`);
  const unjournaled = journal.problem;
  return { run: { ...run, journaled: unjournaled === null }, steps, lockedBy, unjournaled };
}

function planSteps(job: JobConfig, runnerFor: (uses: string) => Runner): StepPlan[] {
  return job.steps.map((step, position) => {
    const runner = runnerFor(step.uses);
    return {
      position,
      id: stepId(step, position),
      uses: step.uses,
      kind: runner.kind,
      target: runner.target(step),
      optional: step.optional,
    };
  });
}
