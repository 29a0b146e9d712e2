import { StepError } from "../model/run/outcome.ts";

/** What `setTimeout` can count (24.8 days); with more it would fire at once. */
const longestTimer = 2 ** 31 - 1;

export interface TimeLimit {
  /** Aborted when the time is over, with a StepError `timeout` as its reason. */
  readonly signal: AbortSignal;
  readonly clear: () => void;
}

/** @param seconds at most 24.8 days count @param advice what to do when that is not enough */
export function startTimeLimit(seconds: number, message: string, advice: string): TimeLimit {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new StepError("timeout", message, { advice })),
    Math.min(seconds * 1000, longestTimer),
  );
  return { signal: limit.signal, clear: () => clearTimeout(timer) };
}
