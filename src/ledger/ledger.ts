import type { Interval, JsonValue, Measurement, MeasurementQuery } from "../model/measurement.ts";
import type { Outcome, Reason } from "../model/run/outcome.ts";
import type { JobState, ProcessIdentity, Run, RunTrigger, Step, StepFinish, StepPlan } from "../model/run/run.ts";
import type { Observation, Sample } from "../model/samples/sample.ts";

export interface RunStart {
  readonly id: string;
  readonly job: string;
  readonly trigger: RunTrigger;
  readonly startedAt: number;
  readonly deadlineAt: number | null;
  readonly holder: ProcessIdentity;
  readonly steps: readonly StepPlan[];
}

export interface RunFinish {
  readonly finishedAt: number;
  readonly outcome: Outcome;
  readonly reason: Run["reason"];
  readonly message: string | null;
  /** See `Run.lost`. @default false */
  readonly lost?: boolean;
  /** Added to the totals in the same transaction. */
  readonly increments: readonly Sample[];
}

/** The end of a run whose process was gone before it could say how it ended. It failed, and so did the step that it had begun. */
export interface LostEnd {
  readonly runId: string;
  /** Milliseconds since the epoch. Where the clock has been set back since, nothing ends before it began. */
  readonly finishedAt: number;
  readonly reason: Reason;
  readonly message: string;
}

/** A process group that a run started; ended by reconciliation when the run's own process is gone. */
export interface ChildGroup {
  readonly runId: string;
  readonly leader: ProcessIdentity;
  readonly command: string;
}

export interface LastStep extends Pick<Step, "id" | "uses" | "kind" | "bytes" | "files" | "evidence"> {
  readonly job: string;
  readonly target: string;
  /** Start of its run, milliseconds since the epoch: the data is at least as old. */
  readonly runStartedAt: number;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
}

/** A step that succeeded, as it left itself in the journal. */
export type PastStep = Pick<Step, "bytes" | "files" | "evidence" | "runId"> & {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
};

/** A step without what is only asked for of a single run; of one that pruned or did not succeed, `evidence` is empty. */
export type BriefStep = Pick<
  Step,
  "runId" | "id" | "kind" | "target" | "finishedAt" | "outcome" | "message" | "bytes" | "files" | "evidence"
>;

/** Something that a step has made, or was about to make, and that must not outlive it. */
export interface LeftoverRecord {
  /** Its own among all leftovers; chosen by who records it, so that it is the same in every ledger that the run is written to. */
  readonly id: string;
  readonly runId: string;
  readonly job: string;
  /** The runner that can remove it. */
  readonly uses: string;
  readonly what: Readonly<Record<string, string | number | boolean>>;
}

export interface RunQuery {
  readonly job?: string;
  readonly outcome?: Outcome;
  /** @default 20 */
  readonly limit?: number;
  /** Only runs that started before this moment (milliseconds). */
  readonly before?: number;
}

/**
 * The journal and memory of one host. Every method is one transaction; `startRun` and `finishRun` are durable when they return.
 * All methods throw `LedgerError`.
 */
export interface Ledger {
  readonly path: string;
  /** Takes the job's lock and journals the start, or says who holds the lock. A lock is only ever taken over by `reconcile`. */
  startRun(start: RunStart): { readonly lockedBy: Run | null };
  /** Journals a run that never held the lock (skipped) or that ended before its first step. */
  recordFinishedRun(start: RunStart, finish: RunFinish): void;
  startStep(runId: string, position: number, startedAt: number, inputs: readonly string[]): void;
  finishStep(runId: string, position: number, finishedAt: number, finish: StepFinish): void;
  /** Heartbeat of a run that is alive. @param ratio progress of its current step, null where unknown */
  markSeen(runId: string, at: number, ratio: number | null): void;
  recordChild(child: ChildGroup): void;
  forgetChild(runId: string, pid: number): void;
  /** @param runId default: of all unfinished runs */
  children(runId?: string): readonly ChildGroup[];
  /** Durable when it returns. */
  recordLeftover(leftover: LeftoverRecord): void;
  forgetLeftover(id: string): void;
  /** Of all runs, also of those that have ended: what could not be removed yet. */
  leftovers(): readonly LeftoverRecord[];
  /**
   * Writes outcome and increments, updates the job's state and releases the lock.
   * @returns false when the run was finished already: nothing was changed then
   */
  finishRun(runId: string, finish: RunFinish): boolean;
  /**
   * What `finishStep` and `finishRun` do, for lost runs and as many as there are, in their order and in one durable transaction: steps that had
   * begun, the run, the increments of both, the job's state and the lock.
   * @returns the runs that have this end now; those that had one already, or are not there, are left as they are
   */
  finishLostRuns(ends: readonly LostEnd[]): readonly string[];
  /**
   * Takes in a finished run from another ledger (one that was written while this one could not be), replacing an unfinished row with the
   * same id; job's state, totals and lock as in `finishRun`.
   * @returns false when this ledger knows the run as finished already
   */
  importRun(run: Run, steps: readonly Step[], increments: readonly Sample[]): boolean;
  /** @returns those of them that nobody else had marked before: what is counted once must be sent by one process only */
  markEmitted(runIds: readonly string[], at: number): readonly string[];

  run(id: string): Run | null;
  steps(runId: string): readonly Step[];
  /** Of many runs at once, by run. Runs that are not there, or have no steps, are not in it. */
  stepsOfRuns(runIds: readonly string[]): ReadonlyMap<string, readonly BriefStep[]>;
  runs(query: RunQuery): readonly Run[];
  unfinishedRuns(): readonly Run[];
  /** Finished runs whose metrics have not been handed to DogStatsD yet. */
  unemittedRuns(): readonly Run[];
  /** Progress of unfinished runs by run id, 0 to 1. */
  progress(): ReadonlyMap<string, number>;
  jobStates(): readonly JobState[];

  /** Remembers since when things are declared. Names that are gone are forgotten. Returns the moment per name (milliseconds). */
  declare(kind: "job" | "policy", names: readonly string[], at: number): ReadonlyMap<string, number>;
  /** What `declare` remembers. */
  declared(kind: "job" | "policy"): ReadonlyMap<string, number>;
  /** Counters as samples: totals that survive restarts and pruning. */
  totals(): readonly Sample[];
  addToTotals(increments: readonly Sample[]): void;
  saveObservation(observation: Observation): void;
  observations(): readonly Observation[];
  /** Adds points to histories; a second point of a series at the same moment replaces the first. */
  recordMeasurements(measurements: readonly Measurement[]): void;
  /** Oldest first. */
  measurements(query: MeasurementQuery): readonly Measurement[];
  /** Names of the series that begin with a prefix, sorted. */
  measuredSeries(prefix: string): readonly string[];
  /** @param before milliseconds since the epoch. @returns how many points were removed */
  pruneMeasurements(before: number): number;
  /** Keeps a note of a collector for its own next look; null forgets it. Durable when it returns. */
  remember(owner: string, key: string, value: JsonValue | null): void;
  /** Replaces a note by what `change` makes of it, while nobody else can. Durable when it returns. */
  revise(owner: string, key: string, change: (known: unknown) => JsonValue | null): void;
  /** What `remember` kept, perhaps in another version of pantheros: check its shape. Null: nothing. */
  recall(owner: string, key: string): unknown;
  /** Journals that the machine was awake; continues the stretch that ends where this one begins. Milliseconds since the epoch. */
  markAwake(from: number, until: number): void;
  /** Stretches in which the machine was seen to be awake, oldest first, clipped to the question. */
  awake(from: number, until: number): readonly Interval[];
  /** @param before milliseconds since the epoch. @returns how many stretches were removed */
  pruneAwake(before: number): number;
  /** The last successful end of each step of each job (all kinds but `other`); survives pruning of the journal. */
  lastSteps(): readonly LastStep[];
  /** Successful ends of one step of a job, newest first; what `pruneRuns` has removed is not among them. */
  pastSteps(
    step: { readonly job: string; readonly id: string; readonly uses: string },
    limit: number,
  ): readonly PastStep[];

  /** Changes whenever another process has written; costs microseconds. */
  version(): number;
  sizeBytes(): number;
  /** Removes finished, emitted runs that started before a moment, at most 10 000 in one call. @returns how many */
  pruneRuns(before: number): number;
  close(): void;
}

export type LedgerProblem = "corrupt" | "read_only" | "full" | "newer" | "permission" | "missing" | "busy" | "unknown";

export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly problem: LedgerProblem;
  /** What the person can do next. */
  readonly advice: string;

  constructor(problem: LedgerProblem, message: string, advice: string, cause?: unknown) {
    super(message, { cause });
    this.problem = problem;
    this.advice = advice;
  }
}
