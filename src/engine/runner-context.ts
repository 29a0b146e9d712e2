import type { Config, SecretReference, StepConfig } from "../config/schema.ts";
import { StepError } from "../model/outcome.ts";
import type { Secret } from "../model/secret.ts";
import type { Runner, RunnerContext } from "../runners/runner.ts";
import { createExecute, type ExecuteSettings } from "../tools/exec.ts";
import { closedEnvironment, resolveProgram } from "../tools/program.ts";

/** What one step's context is made of; the rest is the same for every step. */
export interface ContextParts
  extends Pick<
    RunnerContext,
    "job" | "runId" | "timestamp" | "signal" | "now" | "dryRun" | "progress" | "log" | "pathsInUse" | "lastSteps"
  > {
  readonly config: Config;
  readonly environment: NodeJS.ProcessEnv;
  readonly readSecret: (reference: SecretReference) => Secret;
  /** Told of every secret that the step reads, so that its output can be redacted. */
  readonly onSecret: (secret: Secret) => void;
  readonly onStart?: ExecuteSettings["onStart"];
  readonly onEnd?: ExecuteSettings["onEnd"];
}

/** By this every program of a run, and whatever it starts, can be told from all others, also when nobody has recorded it. */
export function markOf(runId: string): { readonly variable: string; readonly value: string } {
  return { variable: "PANTHEROS_RUN", value: runId };
}

export function createRunnerContext(parts: ContextParts): RunnerContext {
  const { environment, readSecret, onSecret, onStart, onEnd, ...rest } = parts;
  return {
    ...rest,
    execute: createExecute({
      env: environment,
      mark: markOf(parts.runId),
      signal: parts.signal,
      ...(onStart === undefined ? {} : { onStart }),
      ...(onEnd === undefined ? {} : { onEnd }),
    }),
    resolveProgram: (call) =>
      resolveProgram(call, closedEnvironment(environment, call.environment ?? {})["PATH"] as string),
    readSecret: (reference) => {
      const secret = readSecret(reference);
      onSecret(secret);
      return secret;
    },
  };
}

/** The runner's own options out of a step: what every step may carry is taken off. Options that hold references are resolved before. */
export function optionsOf(runner: Runner, step: StepConfig): never {
  const { id: _id, uses: _uses, optional: _optional, timeout: _timeout, retries: _retries, ...options } = step;
  const parsed = runner.options.safeParse(options);
  if (parsed.success) return parsed.data as never;
  const issue = parsed.error.issues[0];
  throw new StepError("config", `${step.uses}: ${issue?.path.join(".")}: ${issue?.message}`);
}
