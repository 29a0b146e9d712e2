import { stepId } from "../config/declaration.ts";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import type { LastStep } from "../ledger/ledger.ts";
import { formatTimestamp } from "../model/quantity.ts";
import { type StepError, toStepError } from "../model/run/outcome.ts";
import type { Secret } from "../model/secret.ts";
import type { Runner } from "../runners/runner.ts";
import { checkStep } from "./check-step.ts";
import { createRunnerContext, optionsOf } from "./runner-context.ts";

export interface CheckedStep {
  readonly id: string;
  readonly uses: string;
  /** Why the step could not work now; null: nothing speaks against it. */
  readonly failure: StepError | null;
}

/**
 * Asks every step of a job whether it could work now, as a run does before its first step; nothing is changed.
 * @param services with `reach` the other side is asked too
 */
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
    readonly reach: boolean;
  },
): Promise<readonly CheckedStep[]> {
  const { runnerFor, reach, ...world } = services;
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
      .then(async () => {
        const context = createRunnerContext({ ...parts, step });
        await checkStep(runner, step, context);
        if (reach) await runner.reach?.(optionsOf(runner, step), context);
      })
      .then(() => null, toStepError);
    checked.push({ id: stepId(step, position), uses: step.uses, failure });
  }
  return checked;
}
