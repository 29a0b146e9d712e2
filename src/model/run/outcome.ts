/** How a run or a step ended. `partial` and `skipped` never count as success. */
export const outcomes = ["success", "partial", "failed", "skipped"] as const;
export type Outcome = (typeof outcomes)[number];

/**
 * Why a run or a step did not succeed: one closed list for all tools, with the sentence that a person reads
 * when the tool's own message says nothing better.
 */
export const reasons = {
  locked: "another run of the same job holds the lock",
  auth: "a credential is missing, unreadable or was refused",
  repository_missing: "there is no repository at this place",
  repository_locked: "the repository is locked by another process",
  source: "the source is missing, unreadable or vanished while being read",
  empty_artifact: "the tool reported success but left nothing behind",
  network: "the other side could not be reached",
  throttled: "the other side asked to slow down",
  space: "there is no space left",
  timeout: "it did not end within its time",
  killed: "its process was killed",
  oom: "the kernel ended it for lack of memory",
  reboot: "the machine went down while it ran",
  cancelled: "it was asked to stop",
  condition: "a condition of only_if does not hold now",
  config: "the configuration does not allow it",
  tool_missing: "a program that it needs is not installed",
  verification: "the artifact exists but failed its proof",
  disagreement: "the run and what can be seen do not agree",
  unknown: "the tool failed in a way that is not known yet",
} as const;
export type Reason = keyof typeof reasons;

/** Reasons that can pass by themselves, so that a retry within the deadline makes sense. */
export const passingReasons: ReadonlySet<Reason> = new Set(["network", "throttled", "repository_locked"]);

export interface FailureDetails {
  /** What the person can do next: a command or a setting, without a full stop. */
  readonly advice?: string;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  /** The last lines of the tool's output; redacted before it is stored. */
  readonly tail?: string;
  /** What had been done before it failed, e.g. what was removed already; journaled with the failed step. @default {} */
  readonly evidence?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A failure with its reason and the next step for the person. Runners, collectors and tools throw nothing else on purpose. */
export class StepError extends Error {
  override readonly name = "StepError";
  readonly reason: Reason;
  readonly details: FailureDetails;

  constructor(reason: Reason, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.details = details;
  }
}

/** A failure with its next step, in one line for a person. */
export function explainFailure(failure: StepError): string {
  return failure.details.advice ? `${failure.message} – ${failure.details.advice}` : failure.message;
}

/** The same failure, with what had been done before it. */
export function withEvidence({ reason, message, details }: StepError, evidence: Readonly<Record<string, unknown>>) {
  return new StepError(reason, message, { ...details, evidence });
}

/** Any thrown value as a failure; what nobody foresaw is `unknown`, never a success. */
export function toStepError(error: unknown): StepError {
  if (error instanceof StepError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StepError("unknown", message, { cause: error });
}

export interface StepVerdict {
  readonly outcome: Outcome;
  readonly reason: Reason | null;
  readonly optional: boolean;
}

/** The step whose message and output tell why a run ended as it did; null: none has anything to tell. */
export function decisiveStep<Told extends Omit<StepVerdict, "outcome"> & { readonly outcome: Outcome | null }>(
  steps: readonly Told[],
): Told | null {
  const failed = steps.find((step) => step.outcome === "failed" && !step.optional);
  // A skipped step tells something only where nothing went wrong, as in `outcomeOfSteps`.
  const lacking = failed ?? steps.find((step) => step.outcome === "partial" || step.outcome === "failed");
  return lacking ?? steps.find((step) => step.reason !== null) ?? null;
}

/**
 * The run's outcome from its steps: the first step that had to succeed and did not decides; a failed optional step or a
 * partial one makes the run partial.
 */
export function outcomeOfSteps(steps: readonly StepVerdict[]): { outcome: Outcome; reason: Reason | null } {
  const failed = steps.find((step) => step.outcome === "failed" && !step.optional);
  if (failed) return { outcome: "failed", reason: failed.reason };
  const partial = steps.find((step) => step.outcome === "partial" || step.outcome === "failed");
  if (partial) return { outcome: "partial", reason: partial.reason };
  if (steps.length > 0 && steps.every((step) => step.outcome === "skipped")) {
    return { outcome: "skipped", reason: steps[0]?.reason ?? null };
  }
  return { outcome: "success", reason: null };
}
