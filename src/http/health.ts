/** How this process fares. Asked for at every request: must cost no more than a read of the ledger. */
export interface Health {
  readonly version: string;
  /** Seconds since the epoch of the newest observation; null: nothing was observed yet. */
  readonly observedAt: number | null;
  /** Why the ledger cannot be read, and what to do; null: it can. */
  readonly problem: string | null;
}

/** The answer of `/healthz`. */
export interface HealthAnswer {
  readonly status: "ok" | "unavailable";
  readonly version: string;
  readonly ledger: "readable" | "unreadable";
  readonly newest_observation_age_seconds: number | null;
  readonly problem: string | null;
}

/** @param now seconds since the epoch */
export function healthAnswer({ version, observedAt, problem }: Health, now: number): HealthAnswer {
  return {
    status: problem === null ? "ok" : "unavailable",
    version,
    ledger: problem === null ? "readable" : "unreadable",
    newest_observation_age_seconds: observedAt === null ? null : Math.max(0, Math.round(now - observedAt)),
    problem,
  };
}
