import { collectors } from "../collectors/index.ts";
import { describeRun } from "../engine/emit.ts";
import { runEngine } from "../engine/engine.ts";
import { claimEngine, releaseEngine } from "../engine/only-engine.ts";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import { openLedger } from "../ledger/sqlite.ts";
import { formatDuration } from "../model/quantity.ts";
import type { ProcessIdentity } from "../model/run/run.ts";
import { loadRunner } from "../runners/index.ts";
import { readClock } from "../tools/clock.ts";
import { createExecute } from "../tools/exec.ts";
import { ownIdentity } from "../tools/process/process.ts";
import { type Invocation, UsageError } from "./command.ts";
import type { Host } from "./host.ts";
import { createLog } from "./log.ts";

/** The engine of a host, until the invocation is told to stop. */
export async function runHostEngine(host: Host, invocation: Invocation): Promise<void> {
  const ledger = openLedger(host.ledgerPath, { mode: "write" });
  const log = createLog(invocation);
  const { signal, environment, now } = invocation;
  const own = ownIdentity();
  refuseSecond(host, ledger, own, now());
  const failing = new Set<string>();
  // A process of its own: a run must not share memory or fate with the engine. When the engine ends, the run is asked to stop (SIGTERM).
  const startRun = (job: string) => {
    log.info(`${job}: due, starting a run`);
    const argv = [
      process.execPath,
      process.argv[1] as string,
      "run",
      job,
      "--trigger",
      "schedule",
      "--config",
      host.loaded.file,
    ] as const;
    createExecute({ env: environment })({ argv, environment: inherited(environment) }).then(
      ({ exitCode }) => log.info(`${job}: its run ended with exit code ${exitCode}`),
      (error: unknown) =>
        log.error(`${job}: its run could not be started: ${error instanceof Error ? error.message : error}`),
    );
  };
  log.info(`engine started: host ${host.config.host}, ${Object.keys(host.config.jobs).length} jobs`);
  try {
    await runEngine({
      config: host.config,
      ledger,
      collectors,
      environment,
      readSecret: host.readSecret,
      now,
      readClock,
      signal,
      fallbackPath: host.fallbackPath,
      runnerFor: loadRunner,
      startRun,
      observer: {
        collected: (collector, error, seconds) => {
          // Told once when it changes: a repository that is down for a day must not fill the log.
          if (error !== null && !failing.has(collector)) log.error(`collector ${collector}: ${error}`);
          if (error === null && failing.has(collector))
            log.info(`collector ${collector}: works again (${formatDuration(seconds)})`);
          if (error === null) failing.delete(collector);
          else failing.add(collector);
        },
        reconciled: ({ run, reason, message }) => log.error(`${run.job}: run ${run.id} failed/${reason}: ${message}`),
        tookIn: (run) => log.info(`taken in from the fallback ledger: ${describeRun(run)}`),
        note: (message) => log.error(message),
      },
    });
  } finally {
    release(ledger, own);
    ledger.close();
    log.info("engine stopped");
  }
}

function refuseSecond(host: Host, ledger: Ledger, own: ProcessIdentity, now: number): void {
  const other = claimEngine(ledger, own, now);
  if (other === null) return;
  ledger.close();
  const isHere = other.bootId === own.bootId;
  const [who, what] = isHere
    ? [`another engine, process ${other.pid},`, `to take its place, end it first: kill ${other.pid}`]
    : ["an engine in another container", "to take its place, end that first; if it was killed, try again in a minute"];
  throw new UsageError(`${who} works on ${host.ledgerPath} already: jobs would be started twice\n  → ${what}`);
}

function release(ledger: Ledger, own: ProcessIdentity): void {
  try {
    releaseEngine(ledger, own);
  } catch (error) {
    // The disk is full: that this engine is gone can be seen.
    if (!(error instanceof LedgerError)) throw error;
  }
}

/** What a run needs of the engine's environment: secrets by variable, systemd's credentials, the folder of the fallback ledger. */
function inherited(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
