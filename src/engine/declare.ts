import { declaredPolicies } from "../collectors/retention-look/promises.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";

/**
 * Remembers since when each job and each policy is declared: a job that has never run is overdue from its first scheduled time after
 * that, and a policy asks for nothing from before it. Called by whoever may write the ledger: engine, `run`, `collect`.
 * @param now milliseconds since the epoch
 */
export function declareInventory(ledger: Ledger, config: Config, now: number): void {
  ledger.declare("job", Object.keys(config.jobs), now);
  ledger.declare("policy", declaredPolicies(config), now);
}
