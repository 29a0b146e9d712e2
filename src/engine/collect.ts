import type { Collected, Collector, CollectorContext } from "../collectors/collector.ts";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { formatDuration } from "../model/quantity.ts";
import { explainFailure, toStepError } from "../model/run/outcome.ts";
import type { Observation } from "../model/samples/sample.ts";
import { redact, type Secret } from "../model/secret.ts";
import { createExecute } from "../tools/exec.ts";
import { startTimeLimit } from "./time-limit.ts";

export interface CollectServices {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly environment: NodeJS.ProcessEnv;
  readonly readSecret: (reference: SecretReference) => Secret;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/**
 * One look of one collector, measured and bounded, saved in the ledger and returned. A collector that fails keeps what it saw before, with
 * the age of that; it is visible as failed and hurts no other. One that was stopped with its process has seen nothing and has not failed: it is
 * returned, and not saved.
 */
export async function collectOnce(collector: Collector, services: CollectServices): Promise<Observation> {
  const { ledger, now } = services;
  const started = now();
  const previous = ledger.observations().find((observation) => observation.collector === collector.name);
  const secrets: Secret[] = [];
  let collected: Collected | null = null;
  let error: string | null = null;
  try {
    collected = await bounded(collector, services, secrets);
    if (collected.problems?.length) error = redact(collected.problems.join("; "), secrets);
  } catch (thrown) {
    error = redact(explainFailure(toStepError(thrown)), secrets);
  }
  const observation: Observation = {
    collector: collector.name,
    observedAt: collected ? started / 1000 : (previous?.observedAt ?? null),
    succeededAt: error === null ? started / 1000 : (previous?.succeededAt ?? null),
    attemptedAt: started / 1000,
    durationSeconds: Math.max(0, now() - started) / 1000,
    error,
    samples: collected?.samples ?? previous?.samples ?? [],
    artifacts: collected ? (collected.artifacts ?? []) : (previous?.artifacts ?? []),
  };
  if (collected === null && services.signal.aborted) return observation;
  ledger.saveObservation(observation);
  ledger.recordMeasurements(collected?.measurements ?? []);
  return observation;
}

/** The collector's own work, which ends at its time limit even when it ignores the signal. */
async function bounded(collector: Collector, services: CollectServices, secrets: Secret[]): Promise<Collected> {
  const limit = limitOf(collector, services.config);
  const timeout = startTimeLimit(
    limit,
    `the look took longer than ${formatDuration(limit)}`,
    `raise collectors.${collector.name}.timeout`,
  );
  const signal = AbortSignal.any([services.signal, timeout.signal]);
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const context: CollectorContext = {
    config: services.config,
    ledger: services.ledger,
    signal,
    now: services.now() / 1000,
    execute: createExecute({ env: services.environment, signal }),
    readSecret: (reference) => {
      const secret = services.readSecret(reference);
      secrets.push(secret);
      return secret;
    },
    recall: (key) => services.ledger.recall(collector.name, key),
    remember: (key, value) => services.ledger.remember(collector.name, key, value),
  };
  try {
    return await Promise.race([collector.collect(context), ended]);
  } finally {
    timeout.clear();
    // The engine's own signal lives as long as the engine, and would keep every look that still listens to it.
    signal.removeEventListener("abort", onAbort);
  }
}

/** Seconds between two looks of a collector, by configuration or by its own default. */
export function intervalOf(collector: Collector, config: Config): number {
  return config.collectors[collector.name]?.every ?? collector.every;
}

/** Seconds after the beginning of a look by which the next one is done, if all is well. */
export function patienceWith(collector: Collector, config: Config): number {
  return intervalOf(collector, config) + limitOf(collector, config);
}

function limitOf(collector: Collector, config: Config): number {
  return config.collectors[collector.name]?.timeout ?? collector.timeout;
}

export function isEnabled(collector: { readonly name: string }, config: Config): boolean {
  return config.collectors[collector.name]?.enabled ?? true;
}
