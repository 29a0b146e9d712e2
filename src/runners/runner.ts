import type * as z from "zod";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import type { LastStep, PastStep } from "../ledger/ledger.ts";
import { lazily } from "../model/lazily.ts";
import type { Outcome, Reason } from "../model/run/outcome.ts";
import type { StepKind } from "../model/run/run.ts";
import type { Secret } from "../model/secret.ts";
import type { Execute, Pipeline, ToolCall } from "../tools/exec.ts";

/** How far a step is; every field only where the tool tells it. */
export interface Progress {
  /** 0 to 1. */
  readonly ratio?: number;
  readonly bytesDone?: number;
  readonly bytesTotal?: number;
  readonly filesDone?: number;
  /** What it is doing now, in a few words. */
  readonly note?: string;
}

/** Everything a runner may touch. Time, processes and secrets come from here and nowhere else. */
export interface RunnerContext {
  readonly config: Config;
  readonly job: string;
  readonly runId: string;
  /** Start of the run as `20261121T085700Z`; the same for all its steps. */
  readonly timestamp: string;
  readonly execute: Execute;
  /** Several programs, each reading what the one before it writes. */
  readonly pipeline: Pipeline;
  /** The file that `execute` would start. @throws StepError `tool_missing`, `config` as `execute` does */
  readonly resolveProgram: (call: Pick<ToolCall, "argv" | "directory" | "environment">) => string;
  /** Aborted on cancellation, deadline and step timeout. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly dryRun: boolean;
  readonly readSecret: (reference: SecretReference) => Secret;
  readonly progress: (update: Progress) => void;
  readonly log: (message: string) => void;
  /** Paths that runs which are alive now have made or are reading: nothing below them may be removed. */
  readonly pathsInUse: () => readonly string[];
  /** What every job on this host claims: its last successful step by kind and target, that of this run among them. */
  readonly lastSteps: () => readonly LastStep[];
  /** Successful ends of this very step – same job, id and `uses` –, newest first; those that the journal still holds. */
  readonly history: (limit: number) => readonly PastStep[];
  /**
   * A new private folder (0700) that is removed with everything in it, Btrfs subvolumes too, when the attempt ends, or by reconciliation
   * when the run was killed.
   * @param parent default: `scratch_directory` of the configuration
   * @throws StepError `space`, `source` when it cannot be made
   */
  readonly scratch: (parent?: string) => Promise<string>;
  /**
   * Journals, before it is made, something else that must not outlive the attempt: a temporary database, an upload in parts. Whatever is
   * not `settled` when the attempt ends, or when the run was killed, goes to the runner's `removeLeftover`.
   * @param what small, JSON, without secrets: what `removeLeftover` needs to find it again
   */
  readonly leftover: (what: Leftover) => { readonly settled: () => void };
}

/** What is to be removed, in words that its runner understands. */
export type Leftover = Readonly<Record<string, string | number | boolean>>;

export interface StepResult<Evidence> {
  /** What was left behind and how it was proved; checked against `produces`. */
  readonly evidence: Evidence;
  readonly bytes?: number;
  readonly files?: number;
  /** @default success */
  readonly outcome?: Exclude<Outcome, "failed">;
  readonly reason?: Reason;
  /** One line for a person. */
  readonly message?: string;
  /** Last lines of the tool's output worth keeping. */
  readonly tail?: string;
}

/**
 * One `uses:` of a step. A runner does only its work: lock, journal, deadline, cancellation, outcome, retries and emission belong to
 * `engine/run-job`. Failures are thrown as `StepError(reason, …)`.
 */
export interface Runner<Options extends z.ZodObject = z.ZodObject, Produces extends z.ZodObject = z.ZodObject> {
  readonly uses: string;
  /** One sentence for help and docs. */
  readonly summary: string;
  readonly risk: "read-only" | "creates" | "deletes";
  readonly kind: StepKind;
  readonly options: Options;
  /** Fields that later steps may refer to as `${id.field}`. */
  readonly produces: Produces;
  /** Label of the counters that this step feeds. */
  target(options: z.infer<Options>): string | null;
  /** Looks, before the first step of the run is executed, whether this step can work at all; must change nothing. */
  check?(options: z.infer<Options>, context: RunnerContext): Promise<void>;
  /** What only the other side can tell: asked by `pantheros doctor`, not before each run. Must change nothing. */
  reach?(options: z.infer<Options>, context: RunnerContext): Promise<void>;
  run(options: z.infer<Options>, context: RunnerContext): Promise<StepResult<z.infer<Produces>>>;
  /**
   * Removes what an attempt has left behind. It may be there, half there, gone already or never have been made; the step's options and the
   * folders of `scratch` are not there any more. What fails is tried again by the next reconciliation.
   */
  removeLeftover?(what: Leftover, context: RunnerContext): Promise<void>;
}

/** A runner as its file writes it. */
interface RunnerDefinition<Options extends z.ZodObject, Produces extends z.ZodObject>
  extends Omit<Runner<Options, Produces>, "options" | "produces"> {
  readonly options: () => Options;
  readonly produces: () => Produces;
}

/** Gives a runner its types. Its schemas are made when somebody asks for them: a run of a checked configuration does not before its program is at work. */
export function defineRunner<Options extends z.ZodObject, Produces extends z.ZodObject>(
  definition: RunnerDefinition<Options, Produces>,
): Runner<Options, Produces> {
  const options = lazily(definition.options);
  const produces = lazily(definition.produces);
  return {
    ...definition,
    get options() {
      return options();
    },
    get produces() {
      return produces();
    },
  };
}
