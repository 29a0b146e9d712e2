import { stepKeys } from "../config/declaration.ts";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import type { StepConfig } from "../config/sections/jobs.ts";
import { StepError } from "../model/run/outcome.ts";
import type { Secret } from "../model/secret.ts";
import type { Runner, RunnerContext } from "../runners/runner.ts";
import {
  createExecute,
  createPipeline,
  type ExecuteSettings,
  type PipelineProgram,
  type ToolCall,
} from "../tools/exec.ts";
import { closedEnvironment, resolveProgram } from "../tools/program.ts";

/** What one step's context is made of; the rest is the same for every step. */
export interface ContextParts
  extends Pick<
    RunnerContext,
    | "job"
    | "runId"
    | "timestamp"
    | "signal"
    | "now"
    | "dryRun"
    | "progress"
    | "log"
    | "pathsInUse"
    | "lastSteps"
    | "history"
    | "scratch"
    | "leftover"
  > {
  readonly config: Config;
  readonly environment: NodeJS.ProcessEnv;
  /** What every step may carry, and what concerns its programs. @default nothing */
  readonly step?: Pick<StepConfig, "environment" | "nice" | "ionice">;
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
  const { environment, step, readSecret, onSecret, onStart, onEnd, ...rest } = parts;
  const readOwnSecret = (reference: SecretReference) => {
    const secret = readSecret(reference);
    onSecret(secret);
    return secret;
  };
  const { nice, ionice } = step ?? {};
  const settings: ExecuteSettings = {
    env: environment,
    mark: markOf(parts.runId),
    priority: { ...(nice === undefined ? {} : { nice }), ...(ionice === undefined ? {} : { ionice }) },
    signal: parts.signal,
    ...(onStart === undefined ? {} : { onStart }),
    ...(onEnd === undefined ? {} : { onEnd }),
  };
  const execute = createExecute(settings);
  const pipeline = createPipeline(settings);
  // Read when a program is started, not before: a secret that is missing is the failure of the step that needs it.
  const withOwn = <Call extends Pick<ToolCall, "environment">>(call: Call): Call => ({
    ...call,
    environment: { ...variablesOf(step?.environment ?? {}, readOwnSecret), ...call.environment },
  });
  return {
    ...rest,
    execute: (call) => execute(withOwn(call)),
    pipeline: (call) => {
      const [first, ...others] = call.programs;
      const programs: [PipelineProgram, ...PipelineProgram[]] = [withOwn(first), ...others.map(withOwn)];
      return pipeline({ ...call, programs });
    },
    resolveProgram: (call) =>
      resolveProgram(call, closedEnvironment(environment, withOwn(call).environment ?? {})["PATH"] as string),
    readSecret: readOwnSecret,
  };
}

function variablesOf(
  written: StepConfig["environment"],
  readSecret: RunnerContext["readSecret"],
): Record<string, string | Secret> {
  const variables = Object.entries(written);
  return Object.fromEntries(
    variables.map(([name, value]) => [name, typeof value === "string" ? value : readSecret(value)]),
  );
}

const ofEveryStep: readonly string[] = stepKeys;

/** The runner's own options out of a step: what every step may carry is taken off. Options that hold references are resolved before. */
export function optionsOf(runner: Runner, step: StepConfig): never {
  const options = Object.fromEntries(Object.entries(step).filter(([key]) => !ofEveryStep.includes(key)));
  const parsed = runner.options.safeParse(options);
  if (parsed.success) return parsed.data as never;
  const issue = parsed.error.issues[0];
  throw new StepError("config", `${step.uses}: ${issue?.path.join(".")}: ${issue?.message}`, {
    advice: "correct it in the step; where it holds a reference, see what that stood for in this run",
  });
}
