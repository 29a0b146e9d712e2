import type { StepConfig } from "../config/sections/jobs.ts";
import type { Runner, RunnerContext } from "../runners/runner.ts";
import { optionsOf } from "./runner-context.ts";

/**
 * Looks whether a step could work now, before anything is executed: the secrets that it hands to its programs can be read, and its
 * runner sees nothing in its way. Changes nothing.
 * @throws StepError
 */
export async function checkStep(
  runner: Runner,
  step: StepConfig,
  context: RunnerContext,
  optionsIn: (step: StepConfig) => never = (written) => optionsOf(runner, written),
): Promise<void> {
  for (const value of Object.values(step.environment)) if (typeof value !== "string") context.readSecret(value);
  await runner.check?.(optionsIn(step), context);
}
