import type { Config } from "../config/schema.ts";
import type { LastStep, Ledger } from "../ledger/ledger.ts";
import type { Observation } from "../model/samples/sample.ts";
import { lastLook } from "./collector.ts";
import { isDeclared } from "./declared/steps.ts";
import { artifactsOf } from "./look-index.ts";

export type Objective = Config["objectives"][string];

/** What the judgement of all data sets starts from: read once, however many there are. */
export interface KnownState {
  readonly config: Config;
  readonly ledger: Pick<Ledger, "pastSteps" | "run" | "steps">;
  /** Last successes of the steps that are declared. */
  readonly steps: readonly LastStep[];
  readonly observations: readonly Observation[];
  readonly jobStates: ReturnType<Ledger["jobStates"]>;
  /** Seconds since the epoch. */
  readonly now: number;
}

export function knownState(config: Config, ledger: Ledger, now: number): KnownState {
  return {
    ...{ config, ledger, now, observations: ledger.observations(), jobStates: ledger.jobStates() },
    steps: ledger.lastSteps().filter((step) => isDeclared(step, config)),
  };
}

/** Seconds since the epoch of the newest artifact that the last look at a repository listed; null: nothing was seen. */
export function newestIn(repository: string, observations: readonly Observation[]): number | null {
  const look = lastLook(observations, "repository", repository);
  const own = look === null ? [] : artifactsOf(look, repository);
  return own.length === 0 ? null : own.reduce((newest, { at }) => Math.max(newest, at), Number.NEGATIVE_INFINITY);
}
