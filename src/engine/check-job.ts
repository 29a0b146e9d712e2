import { stepId } from "../config/declaration.ts";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import type { LastStep } from "../ledger/ledger.ts";
import { type StepError, toStepError } from "../model/outcome.ts";
import { formatTimestamp } from "../model/quantity.ts";
import type { Secret } from "../model/secret.ts";
import type { Runner } from "../runners/runner.ts";
import { checkStep } from "./check-step.ts";
import { createRunnerContext } from "./runner-context.ts";

export interface CheckedStep {
  readonly id: string;
  readonly uses: string;
  /** Why the step could not work now; null: nothing speaks against it. */
  readonly failure: StepError | null;
}

/** Asks every step of a job whether it could work now, as a run does before its first step; nothing is changed. */
export async function checkJob(
  config: Config,
  job: string,
  services: {
    readonly runnerFor: (uses: string) => Runner;
    readonly environment: NodeJS.ProcessEnv;
    readonly readSecret: (reference: SecretReference) => Secret;
    readonly now: () => number;
    readonly signal: AbortSignal;
    readonly lastSteps: () => readonly LastStep[];
  },
): Promise<readonly CheckedStep[]> {
  const { runnerFor, ...world } = services;
  const timestamp = formatTimestamp(services.now());
  const never = () => {
    throw new Error("a check makes nothing");
  };
  const parts = {
    ...world,
    config,
    job,
    runId: `${timestamp}-check`,
    timestamp,
    dryRun: true,
    progress: () => undefined,
    log: () => undefined,
    pathsInUse: () => [],
    history: () => [],
    scratch: never,
    leftover: never,
    onSecret: () => undefined,
  };
  const checked: CheckedStep[] = [];
  for (const [position, step] of (config.jobs[job]?.steps ?? []).entries()) {
    const runner = runnerFor(step.uses);
    const failure = await Promise.resolve()
      .then(() => checkStep(runner, step, createRunnerContext({ ...parts, step })))
      .then(() => null, toStepError);
    checked.push({ id: stepId(step, position), uses: step.uses, failure });
  }
  return checked;
}
