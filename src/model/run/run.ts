import type { Outcome, Reason } from "./outcome.ts";

/** A process on this machine that cannot be mistaken for another: pids are reused, pairs of pid and start time within one boot are not. */
export interface ProcessIdentity {
  /** `/proc/sys/kernel/random/boot_id` and the PID namespace. */
  readonly bootId: string;
  readonly pid: number;
  /** Field 22 of `/proc/PID/stat`: clock ticks since boot. */
  readonly startTicks: number;
}

/** One execution of a job. All times are milliseconds since the epoch. */
export interface Run {
  /** Sortable and readable: `20261121T085700Z-k3f9`. */
  readonly id: string;
  readonly job: string;
  readonly trigger: RunTrigger;
  readonly startedAt: number;
  readonly deadlineAt: number | null;
  readonly finishedAt: number | null;
  /** The last time the holder was seen at work (a heartbeat); tells a timeout from a kill. */
  readonly seenAt: number;
  readonly outcome: Outcome | null;
  readonly reason: Reason | null;
  readonly message: string | null;
  readonly holder: ProcessIdentity;
  /** False: the ledger could not be written while it ran, and it was taken in later. */
  readonly journaled: boolean;
  /** True: its process was gone before it could say how it ended; reconciliation wrote its end. */
  readonly lost: boolean;
  readonly emittedAt: number | null;
}
export type RunTrigger = "command" | "schedule" | "after" | "alert";

/**
 * `snapshot` and `backup` feed the counters of the same name, `prune` the time of the last pruning, `check` and `drill` the evidence that
 * what is stored can be read and restored; `copy` copies what a backup has made to a further place; `other` feeds none.
 */
export const stepKinds = ["snapshot", "backup", "copy", "prune", "check", "drill", "other"] as const;
export type StepKind = (typeof stepKinds)[number];

export interface Step {
  readonly runId: string;
  /** From 0, in the order of the configuration. */
  readonly position: number;
  readonly id: string;
  readonly uses: string;
  /** What the step is counted as, see `StepKind`. */
  readonly kind: StepKind;
  /** Label of the step's counters: the subvolume of a snapshot, the repository or destination of a backup. */
  readonly target: string | null;
  readonly optional: boolean;
  /** Null: planned, but the run has not come to it (or never did). */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly outcome: Outcome | null;
  readonly reason: Reason | null;
  readonly message: string | null;
  readonly attempts: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly bytes: number | null;
  readonly files: number | null;
  /** Absolute paths that the step reads; a snapshot among them must not be removed while the run is alive. */
  readonly inputs: readonly string[];
  /** What the step left behind, as its runner declares it in `produces`. */
  readonly evidence: Readonly<Record<string, unknown>>;
  /** Last lines of the tool's output, redacted. */
  readonly tail: string | null;
}

/** A step as the run plans it, before anything is executed. */
export type StepPlan = Pick<Step, "position" | "id" | "uses" | "kind" | "target" | "optional">;

/** A finished step as the journal stores it. */
export type StepFinish = Pick<
  Step,
  "outcome" | "reason" | "message" | "attempts" | "exitCode" | "signal" | "bytes" | "files" | "evidence" | "tail"
>;

/** The end of a step that has done nothing; how it ended is added. */
export const nothingDone = {
  attempts: 0,
  exitCode: null,
  signal: null,
  bytes: null,
  files: null,
  evidence: {},
  tail: null,
} as const satisfies Omit<StepFinish, "outcome" | "reason" | "message">;

/** What one job has done so far; kept apart from the runs, so that pruning the journal forgets nothing that matters. */
export interface JobState {
  readonly job: string;
  /** Since when the job is declared in the configuration. */
  readonly declaredAt: number;
  readonly lastStartedAt: number | null;
  readonly lastFinishedAt: number | null;
  readonly lastOutcome: Outcome | null;
  readonly lastReason: Reason | null;
  readonly lastSuccessAt: number | null;
  readonly lastDurationSeconds: number | null;
  readonly lastBytes: number | null;
  readonly lastRunId: string | null;
  /** Failed runs since the last success; skipped runs do not count. */
  readonly consecutiveFailures: number;
}
