import { setTimeout as sleep } from "node:timers/promises";
import { passingReasons, StepError } from "../model/run/outcome.ts";

export interface RetryPolicy {
  /** Attempts in all. */
  readonly attempts: number;
  /** Seconds before the second attempt; doubles with each further one. */
  readonly delay: number;
}

const once: RetryPolicy = { attempts: 1, delay: 0 };
/** Longest pause between two attempts, seconds: a passing fault that lasts longer is for the next run. */
const longestDelay = 900;

/**
 * Calls `attempt` until it succeeds, fails for a reason that cannot pass, or the attempts are used up. Between attempts it waits with
 * exponential back-off and full jitter on the upper half (0.5–1 × delay), so that many hosts do not come back at once.
 * @returns the result and how many attempts it took
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy | undefined,
  options: {
    readonly signal: AbortSignal;
    readonly random: () => number;
    readonly onRetry: (error: StepError, delaySeconds: number) => void;
  },
): Promise<{ readonly result: T; readonly attempts: number }> {
  const { attempts: most, delay: first } = policy ?? once;
  for (let number = 1; ; number += 1) {
    try {
      return { result: await attempt(), attempts: number };
    } catch (error) {
      const canPass = error instanceof StepError && passingReasons.has(error.reason);
      if (!canPass || number >= most || options.signal.aborted)
        throw Object.assign(error as object, { attempts: number });
      const delay = Math.min(first * 2 ** (number - 1), longestDelay) * (0.5 + options.random() / 2);
      options.onRetry(error, delay);
      await sleep(delay * 1000, undefined, { signal: options.signal }).catch(() => {
        throw options.signal.reason;
      });
    }
  }
}
