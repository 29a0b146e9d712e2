import { resolveReferences, scopesIn } from "../config/references.ts";
import type { StepConfig } from "../config/sections/jobs.ts";
import type { RunStart } from "../ledger/ledger.ts";
import { formatDuration, formatTimestamp } from "../model/quantity.ts";
import { explainFailure, type StepError, toStepError } from "../model/run/outcome.ts";
import { nothingDone, type StepFinish, type StepPlan } from "../model/run/run.ts";
import { redact, redactAll, type Secret } from "../model/secret.ts";
import type { Progress, Runner, RunnerContext, StepResult } from "../runners/runner.ts";
import { memoryKillCount } from "../tools/process/memory-events.ts";
import { identityOf } from "../tools/process/process.ts";
import { checkStep } from "./check-step.ts";
import { unmetCondition } from "./conditions.ts";
import { createLeftovers } from "./leftovers.ts";
import { tellingMemory } from "./out-of-memory.ts";
import { withRetries } from "./retry.ts";
import type { RunRequest, RunServices } from "./run-request.ts";
import { createRunnerContext, optionsOf } from "./runner-context.ts";
import { startTimeLimit } from "./time-limit.ts";

/** Lines of a tool's output that are kept with its step. */
const tailLines = 20;

interface RunStep {
  readonly config: StepConfig;
  readonly plan: StepPlan;
  readonly runner: Runner;
  /** The runner's own options. Those of a step without references are known since the configuration was checked, and not parsed again. */
  readonly optionsOf: (config: StepConfig) => never;
}

/** Prepares the steps of one run; the returned function checks all of them, then executes them in order and throws what ended it. */
export function createStepRunner(
  request: RunRequest,
  services: RunServices,
  run: {
    readonly start: RunStart;
    readonly signal: AbortSignal;
    readonly onProgress: (plan: StepPlan, progress: Progress) => void;
  },
): () => Promise<void> {
  const { journal, observer, now } = services;
  const { start } = run;
  const secrets: Secret[] = [];
  const evidence: Record<string, Record<string, unknown>> = {};
  const skipped = new Set<string>();
  const leftovers = createLeftovers(
    start,
    {
      record: (leftover) => journal.write((ledger) => ledger.recordLeftover(leftover)),
      forget: (id) => journal.write((ledger) => ledger.forgetLeftover(id)),
    },
    { ...services, config: request.config, runnerFor: request.runnerFor },
  );
  const checked = request.checkedSteps?.get(start.job);
  const steps = (request.config.jobs[start.job]?.steps ?? []).map((config, index): RunStep => {
    const runner = request.runnerFor(config.uses);
    const known = checked?.find(({ position }) => position === index)?.planned;
    const isKnown = known !== undefined && scopesIn(config).size === 0;
    return {
      config,
      plan: start.steps[index] as StepPlan,
      runner,
      optionsOf: isKnown ? () => known as never : (written) => optionsOf(runner, written),
    };
  });

  return async () => {
    // All steps are looked at before the first one is executed: missing credentials for the upload must not leave a snapshot behind.
    for (const step of steps) {
      try {
        await checkStep(step.runner, step.config, contextFor(step.plan, step.config, run.signal), step.optionsOf);
      } catch (error) {
        if (!step.config.optional) throw await failBeforeStart(step.plan, toStepError(error));
      }
    }
    for (const step of steps) {
      if (run.signal.aborted) throw run.signal.reason;
      await execute(step);
    }
  };

  async function execute({ plan, config, runner, optionsOf }: RunStep): Promise<void> {
    const unmet = await reasonToSkip(config, runner);
    if (unmet !== null) return skip(plan, unmet);
    const values = { ...evidence, run: { id: start.id, job: start.job, timestamp: formatTimestamp(start.startedAt) } };
    observer.stepStarted?.(plan);
    try {
      const resolved = begin(plan, () => resolveReferences(config, values, request.config.host));
      const options = optionsOf(resolved);
      const { result, attempts } = await withRetries(() => attempt(plan, config, runner, options), config.retries, {
        signal: run.signal,
        random: services.random,
        onRetry: (error, delay) =>
          observer.note?.(`${plan.id}: ${error.message}; trying again in ${formatDuration(delay)}`),
      });
      evidence[plan.id] = result.evidence;
      finishStep(plan, finishOf(result, attempts));
    } catch (error) {
      const failure = toStepError(error);
      finishStep(plan, failureOf(failure, (error as { attempts?: number }).attempts ?? 1));
      // A step that may fail still ends the run when the run itself was told to stop.
      if (!config.optional || run.signal.aborted) throw failure;
    }
  }

  async function reasonToSkip(config: StepConfig, { kind }: Runner): Promise<string | null> {
    const { leftOut = [] } = request;
    if (kind === "prune" && leftOut.length > 0)
      return `nothing is removed while the configuration has mistakes in ${leftOut.join(", ")}: what they need is not known`;
    const source = [...scopesIn(config)].find((scope) => skipped.has(scope));
    if (source !== undefined) return `step ${source}, whose result it needs, was skipped`;
    return config.only_if === undefined ? null : await unmetCondition(config.only_if, run);
  }

  function skip(plan: StepPlan, message: string): void {
    skipped.add(plan.id);
    journal.write((ledger) => ledger.startStep(start.id, plan.position, now(), []));
    observer.stepStarted?.(plan);
    finishStep(plan, { ...nothingDone, outcome: "skipped", reason: "condition", message: redact(message, secrets) });
  }

  /** Journals the step as started, with the paths that it reads – also when its references cannot be resolved, which is its failure. */
  function begin(plan: StepPlan, resolve: () => StepConfig): StepConfig {
    let resolved: StepConfig | null = null;
    try {
      resolved = resolve();
      return resolved;
    } finally {
      const inputs = pathsIn(resolved);
      journal.write((ledger) => ledger.startStep(start.id, plan.position, now(), inputs));
    }
  }

  async function attempt(plan: StepPlan, config: StepConfig, runner: Runner, options: never) {
    const limit =
      config.timeout === undefined
        ? null
        : startTimeLimit(
            config.timeout,
            `${plan.id} did not end within its timeout of ${formatDuration(config.timeout)}`,
            "raise the step's timeout if that is normal",
          );
    const signal = limit === null ? run.signal : AbortSignal.any([run.signal, limit.signal]);
    try {
      const work = () => runner.run(options, contextFor(plan, config, signal));
      return await tellingMemory(work, services.memoryKills ?? memoryKillCount);
    } finally {
      limit?.clear();
      // Whatever an attempt has made for a while is gone before the next one, or the next step, begins.
      for (const problem of await leftovers.clear()) observer.note?.(`${plan.id}: ${redact(problem, secrets)}`);
    }
  }

  function contextFor(plan: StepPlan, config: StepConfig, signal: AbortSignal): RunnerContext {
    return createRunnerContext({
      step: config,
      config: request.config,
      job: start.job,
      runId: start.id,
      timestamp: formatTimestamp(start.startedAt),
      signal,
      now,
      dryRun: services.dryRun,
      environment: services.environment,
      readSecret: services.readSecret,
      onSecret: (secret) => secrets.push(secret),
      onStart: ({ pid, argv }) => {
        const leader = identityOf(pid);
        const command = redact(argv.join(" "), secrets);
        if (leader) journal.note((ledger) => ledger.recordChild({ runId: start.id, leader, command }));
      },
      onEnd: (pid) => journal.note((ledger) => ledger.forgetChild(start.id, pid)),
      progress: (update) => run.onProgress(plan, update),
      log: (message) => observer.note?.(`${plan.id}: ${redact(message, secrets)}`),
      pathsInUse: () => journal.read((ledger) => pathsOfOtherRuns(ledger, start.id)),
      lastSteps: () => journal.read((ledger) => ledger.lastSteps()),
      history: (limit) => journal.read((ledger) => ledger.pastSteps({ ...plan, job: start.job }, limit)),
      ...leftovers.of(plan.uses),
    });
  }

  async function failBeforeStart(plan: StepPlan, failure: StepError): Promise<StepError> {
    journal.write((ledger) => ledger.startStep(start.id, plan.position, now(), []));
    observer.stepStarted?.(plan);
    finishStep(plan, failureOf(failure, 0));
    return failure;
  }

  function finishStep(plan: StepPlan, finish: StepFinish): void {
    journal.write((ledger) => ledger.finishStep(start.id, plan.position, now(), finish));
    const steps = journal.read((ledger) => ledger.steps(start.id));
    const step = steps.find((candidate) => candidate.position === plan.position);
    if (step) observer.stepFinished?.(step);
  }

  function finishOf(result: StepResult<Record<string, unknown>>, attempts: number): StepFinish {
    return {
      outcome: result.outcome ?? "success",
      reason: result.reason ?? null,
      message: result.message === undefined ? null : redact(result.message, secrets),
      attempts,
      exitCode: null,
      signal: null,
      bytes: result.bytes ?? null,
      files: result.files ?? null,
      evidence: redactAll(result.evidence, secrets),
      tail: tailOf(result.tail),
    };
  }

  function failureOf(failure: StepError, attempts: number): StepFinish {
    return {
      outcome: "failed",
      reason: failure.reason,
      message: redact(explainFailure(failure), secrets),
      attempts,
      exitCode: failure.details.exitCode ?? null,
      signal: failure.details.signal ?? null,
      bytes: null,
      files: null,
      evidence: redactAll({ ...failure.details.evidence }, secrets),
      tail: tailOf(failure.details.tail),
    };
  }

  function tailOf(output: string | undefined): string | null {
    if (!output) return null;
    return redact(output.trimEnd().split("\n").slice(-tailLines).join("\n"), secrets);
  }
}

/** Absolute paths among the values of a step's options. */
function pathsIn(value: unknown): string[] {
  if (typeof value === "string") return value.startsWith("/") ? [value] : [];
  if (value && typeof value === "object") return Object.values(value).flatMap(pathsIn);
  return [];
}

/** Everything that runs which are alive have made or are reading, except for the run itself. */
function pathsOfOtherRuns(ledger: RunServices["journal"]["ledger"], ownRunId: string): string[] {
  return ledger
    .unfinishedRuns()
    .filter((other) => other.id !== ownRunId)
    .flatMap((other) => ledger.steps(other.id))
    .flatMap((step) => [...step.inputs, ...pathsIn(step.evidence)]);
}
