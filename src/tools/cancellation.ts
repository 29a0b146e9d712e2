import { StepError } from "../model/run/outcome.ts";

/** Why work was given up: the signal's own reason where it says one (a timeout, the deadline), otherwise `cancelled`. */
export function cancellation(what: string, signal: AbortSignal): StepError {
  if (signal.reason instanceof StepError) return signal.reason;
  return new StepError("cancelled", `${what} was cancelled`, { cause: signal.reason });
}
