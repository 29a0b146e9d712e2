/** What Datadog says about a limit in every answer, https://docs.datadoghq.com/api/latest/rate-limits/ */
export interface Announced {
  /** Calls that are left in this period. */
  readonly remaining: number;
  /** Calls in each period. */
  readonly limit: number;
  /** Seconds until the next period. */
  readonly reset: number;
}

export interface RateGate {
  /** Waits until one more call is within the limit. @returns what to call with the answer's announcement, null: there was none */
  readonly enter: (route: string) => Promise<(announced: Announced | null) => void>;
}

export interface GateClock {
  /** Milliseconds. */
  readonly now: () => number;
  /** @throws what has aborted it */
  readonly wait: (milliseconds: number) => Promise<void>;
}

interface Limit {
  inFlight: number;
  /** Null until the first answer. */
  remaining: number | null;
  /** Milliseconds. */
  resetAt: number;
  perPeriod: number;
  waiting: (() => void)[];
}

/**
 * Keeps calls within the limits that the server announces, per route. Until a route's first answer is there, one call is on its way; a call
 * that is on its way counts as not yet counted by the server, so that the limit is never passed.
 */
export function createRateGate({ now, wait }: GateClock): RateGate {
  const limits = new Map<string, Limit>();

  function limitOf(route: string): Limit {
    const fresh = { inFlight: 0, remaining: null, resetAt: 0, perPeriod: Number.POSITIVE_INFINITY, waiting: [] };
    const limit = limits.get(route) ?? fresh;
    limits.set(route, limit);
    return limit;
  }

  const isOpen = ({ inFlight, remaining }: Limit) => (remaining === null ? inFlight === 0 : remaining - inFlight > 0);

  async function untilOpen(limit: Limit): Promise<void> {
    while (!isOpen(limit)) {
      if (limit.inFlight > 0) await new Promise<void>((resolve) => limit.waiting.push(resolve));
      else await wait(Math.max(0, limit.resetAt - now()));
      if (limit.remaining !== null && now() >= limit.resetAt && limit.remaining <= 0) limit.remaining = limit.perPeriod;
    }
  }

  return {
    async enter(route) {
      const limit = limitOf(route);
      await untilOpen(limit);
      limit.inFlight += 1;
      return (announced) => {
        limit.inFlight -= 1;
        take(limit, announced, now());
        for (const proceed of limit.waiting.splice(0)) proceed();
      };
    },
  };
}

function take(limit: Limit, announced: Announced | null, now: number): void {
  if (announced === null) {
    limit.remaining ??= Number.POSITIVE_INFINITY;
    return;
  }
  const resetAt = now + announced.reset * 1000;
  // Answers arrive out of order: within one period the lowest counts.
  const isSamePeriod = Math.abs(resetAt - limit.resetAt) < 1500;
  limit.remaining = Math.min(
    announced.remaining,
    isSamePeriod ? (limit.remaining ?? announced.remaining) : announced.remaining,
  );
  limit.resetAt = resetAt;
  limit.perPeriod = Math.max(1, announced.limit);
}
