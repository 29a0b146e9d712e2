import { setTimeout as sleep } from "node:timers/promises";
import type { AnyCollector, Collector } from "../collectors/collector.ts";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import type { Run } from "../model/run/run.ts";
import type { ClockReading } from "../model/time/awake.ts";
import { createAwakeMarker } from "./awake.ts";
import { type CollectServices, collectOnce, intervalOf, isEnabled } from "./collect.ts";
import { declareInventory } from "./declare.ts";
import { emitRuns } from "./emit.ts";
import type { RemovalServices } from "./leftovers.ts";
import type { Reconciled } from "./reconcile.ts";
import { startScheduler } from "./scheduler.ts";
import { settle } from "./settle.ts";
import { readState } from "./state.ts";

export interface EngineServices extends CollectServices {
  readonly collectors: readonly AnyCollector[];
  readonly fallbackPath: string;
  readonly runnerFor: RemovalServices["runnerFor"];
  /** Starts a run in a process of its own and returns at once. */
  readonly startRun: (job: string) => void;
  readonly observer: EngineObserver;
  /** @param wall milliseconds since the epoch */
  readonly readClock: (wall: number) => ClockReading;
}

export interface EngineObserver {
  readonly collected: (collector: string, error: string | null, seconds: number) => void;
  readonly reconciled: (found: Reconciled) => void;
  readonly tookIn: (run: Run) => void;
  readonly note: (message: string) => void;
}

/** Seconds between two rounds of reconciliation and emission, and between two pushes of state to DogStatsD. */
const housekeepingEvery = 15;
const pushEvery = 60;
/** Seconds between two attempts to remove what could not be removed. */
const removalEvery = 600;
/** Seconds: the journal is pruned once an hour, in small batches. */
const pruneEvery = 3600;
/** Seconds after which the ledger is looked at for runs that have ended: what they left behind is looked at at once. */
const freshEvery = 2;

/** Runs until the signal is aborted: collectors on their own intervals, reconciliation, emission, the internal scheduler. */
export async function runEngine(services: EngineServices): Promise<void> {
  const { config, ledger, signal, now, observer } = services;
  declareInventory(ledger, config, now());
  const intervalCollectors = services.collectors
    .filter((collector): collector is Collector => !("live" in collector))
    .filter((collector) => isEnabled(collector, config));
  const guarded = createGuard(services);
  const lastFinish = createLastFinish(ledger);
  const markAwake = createAwakeMarker(ledger, () => services.readClock(now()));
  const stopScheduler = startScheduler(config, ledger, services.startRun, { now });
  try {
    await Promise.all([
      every(housekeepingEvery, async () => markAwake(), signal, guarded),
      every(housekeepingEvery, createHousekeeping(services), signal, guarded),
      every(pruneEvery, async () => pruneLedger(ledger, now() - config.journal.keep * 1000), signal, guarded),
      every(pushEvery, () => pushState(services), signal, guarded),
      ...intervalCollectors.map((collector) => collectForever(collector, services, guarded, lastFinish)),
    ]);
    await guarded(async () => markAwake());
  } finally {
    stopScheduler();
  }
  if (!signal.aborted) observer.note("the engine has nothing to do");
}

/**
 * One collector on its interval, and soon after a run has ended: the state must not lag behind what has just been done. Never more often
 * than ten times per interval: jobs that end every minute must not turn a listing that costs money into one per minute.
 */
async function collectForever(
  collector: Collector,
  services: EngineServices,
  guarded: Guard,
  lastFinish: () => number,
): Promise<void> {
  const { config, signal, now, observer } = services;
  const interval = intervalOf(collector, config) * 1000;
  while (!signal.aborted) {
    const started = now();
    const seen = lastFinish();
    await guarded(async () => {
      const { error, durationSeconds } = await collectOnce(collector, services);
      if (signal.aborted) return;
      observer.collected(collector.name, error, durationSeconds);
    });
    for (;;) {
      await pause(Math.min(freshEvery, interval / 10_000), signal);
      const waited = now() - started;
      // A clock that was set back must not put the next look off.
      if (signal.aborted || waited >= interval || waited < 0) break;
      if (waited >= interval / 10 && lastFinish() !== seen) break;
    }
  }
}

/** When a run has ended last, for all collectors: every one of them asks every other second, and nearly always nothing has been written since. */
function createLastFinish(ledger: Ledger): () => number {
  let known = { version: Number.NaN, at: 0 };
  return () => {
    try {
      const version = ledger.version();
      if (version !== known.version) {
        known = { version, at: Math.max(0, ...ledger.jobStates().map((state) => state.lastFinishedAt ?? 0)) };
      }
      return known.at;
    } catch (error) {
      // The next look has to write the same ledger: it will fail for the same reason, and be told.
      if (error instanceof LedgerError) return 0;
      throw error;
    }
  };
}

function createHousekeeping(services: EngineServices): () => Promise<void> {
  const { ledger, config, now, observer, fallbackPath } = services;
  let retryAt = 0;
  return async () => {
    // What could not be removed is told and tried again at a slow pace: a server that is down must not hold up everything else.
    const leftovers = now() < retryAt ? "folders" : "all";
    const { tookIn, reconciled, problem, left } = await settle(ledger, fallbackPath, {
      now,
      removal: services,
      leftovers,
    });
    for (const run of tookIn) observer.tookIn(run);
    for (const found of reconciled) observer.reconciled(found);
    if (problem) observer.note(`${problem.message} – ${problem.advice}`);
    if (leftovers === "all") for (const message of left) observer.note(message);
    if (left.length > 0 && leftovers === "all") retryAt = now() + removalEvery * 1000;
    await emitRuns(ledger, config, {
      now,
      readSecret: services.readSecret,
      signal: services.signal,
      onProblem: observer.note,
    });
  };
}

function pruneLedger(ledger: Ledger, before: number): void {
  ledger.pruneRuns(before);
  ledger.pruneMeasurements(before);
  ledger.pruneAwake(before);
}

async function pushState(services: EngineServices): Promise<void> {
  const { config, ledger, collectors, now, observer } = services;
  if (config.outputs.dogstatsd?.state !== "push") return;
  const { openDogStatsD } = await import("./datadog.ts");
  const sender = openDogStatsD(config, observer.note);
  const at = now() / 1000;
  sender.gauge(readState(config, ledger, collectors, at).samples, at);
  const { dropped } = await sender.close(1000);
  if (dropped > 0) ledger.addToTotals([{ metric: "dogstatsdDropped", labels: {}, value: dropped }]);
}

async function every(seconds: number, work: () => Promise<void>, signal: AbortSignal, guarded: Guard): Promise<void> {
  while (!signal.aborted) {
    await guarded(work);
    await pause(seconds, signal);
  }
}

type Guard = (work: () => Promise<void>) => Promise<void>;

/**
 * A ledger that is full or locked for a moment must not end the engine: it is told, and tried again at the next round. How often that
 * happened is added to the ledger's totals once it can be written again.
 */
function createGuard({ ledger, observer }: EngineServices): Guard {
  let lost = 0;
  return async (work) => {
    try {
      await work();
      if (lost === 0) return;
      ledger.addToTotals([{ metric: "ledgerWriteErrors", labels: {}, value: lost }]);
      lost = 0;
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      observer.note(`${error.message} – ${error.advice}`);
      lost += 1;
    }
  };
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
