import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { usesOf } from "../config/declaration.ts";
import { readConfigText } from "../config/file.ts";
import type { LeftOut, LoadedConfig } from "../config/load.ts";
import { valueAt } from "../config/path.ts";
import { recallConfig, rememberConfig } from "../config/remembered.ts";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import { readSecret } from "../config/secret.ts";
import type { RemovalServices } from "../engine/leftovers.ts";
import { type Ledger, LedgerError } from "../ledger/ledger.ts";
import { StepError } from "../model/run/outcome.ts";
import type { Secret } from "../model/secret.ts";
import { loadRunner, loadRunners, runnerNames } from "../runners/index.ts";
import type { Runner } from "../runners/runner.ts";
import { build, cacheFolder, isPrivate } from "./cache.ts";
import { type Invocation, UsageError } from "./command.ts";

/** The host as its configuration describes it: what almost every command starts from. */
export interface Host {
  readonly config: Config;
  readonly loaded: LoadedConfig;
  /** Jobs that are not in `config`, because something is wrong in them and they were not wanted. */
  readonly leftOut: LeftOut;
  readonly ledgerPath: string;
  /** Where runs are written while the ledger cannot be; on a file system of its own, gone after a reboot. */
  readonly fallbackPath: string;
  readonly readSecret: (reference: SecretReference) => Secret;
  /** Of the steps of this configuration. @throws StepError `config` for what none of them uses */
  readonly runnerFor: (uses: string) => Runner;
}

interface Wanted {
  readonly anew?: boolean;
  readonly job?: string;
}

/**
 * Reads the configuration of this invocation, and loads the runners that it uses and no others.
 * @param anew checks it also when it was checked before. @default it is not checked twice
 * @param job the only one that is wanted: others that have mistakes are left out
 * @throws ConfigError with every problem, UsageError when there is none
 */
export async function openHost(invocation: Invocation, wanted: Wanted = {}): Promise<Host> {
  const { loaded, leftOut, runners } = await loadConfiguration(
    configurationFile(invocation),
    invocation.environment,
    wanted,
  );
  const ledgerPath = join(loaded.config.state_directory, "ledger.sqlite");
  const credentialsDirectory = invocation.environment["CREDENTIALS_DIRECTORY"];
  return {
    config: loaded.config,
    loaded,
    leftOut,
    ledgerPath,
    fallbackPath: fallbackPath(ledgerPath, invocation.environment),
    readSecret: (reference) => readSecret(reference, { env: invocation.environment, credentialsDirectory }),
    runnerFor(uses) {
      const runner = runners.find((candidate) => candidate.uses === uses);
      if (runner) return runner;
      throw new StepError("config", `no step of the configuration uses ${uses}`);
    },
  };
}

/** A configuration that this program has checked before is not checked again: that is a quarter of the start of a command. */
async function loadConfiguration(file: string, environment: NodeJS.ProcessEnv, { anew = false, job }: Wanted) {
  const text = readConfigText(file);
  // Node brings the timezones, by whose names a configuration is checked, too.
  const checkedBy = `${build} ${process.version} ${process.versions["tz"]}`;
  const memory = build === undefined ? null : { folder: cacheFolder(environment), isPrivate, checkedBy };
  const known = memory && !anew ? recallConfig(memory, file, text) : null;
  if (known) return { loaded: known, leftOut: new Map(), runners: await loadRunners(usesOf(known.config)) };
  const { checkConfig, checkConfigFor, readConfig } = await import("../config/load.ts");
  const written = readConfig(file, text);
  const { value } = written.source;
  const runners = await loadRunners(usesOf(value));
  const collectors = valueAt(value, ["collectors"]) === undefined ? undefined : await collectorNames();
  const options = { runners, runnerNames, ...(collectors && { collectors }) };
  const { loaded, leftOut } =
    job === undefined
      ? { loaded: checkConfig(written, options), leftOut: new Map() }
      : checkConfigFor(job, written, options);
  if (memory && leftOut.size === 0) rememberConfig(memory, text, loaded);
  return { loaded, leftOut, runners };
}

async function collectorNames(): Promise<readonly string[]> {
  const { collectors } = await import("../collectors/index.ts");
  return collectors.map(({ name }) => name);
}

/** What removing the leftovers of earlier runs needs of this host. */
export function removalServices(host: Host, { environment, now }: Invocation): RemovalServices {
  return { config: host.config, environment, readSecret: host.readSecret, runnerFor: loadRunner, now };
}

/** Opens the ledger; better-sqlite3 is loaded only now. */
export async function openHostLedger(host: Host, mode: "read" | "write"): Promise<Ledger> {
  const { openLedger } = await import("../ledger/sqlite.ts");
  return openLedger(host.ledgerPath, { mode });
}

/**
 * The ledger for those who only show what is known. Before the first run there is none: what is declared is shown all the same, from
 * an empty one.
 */
export async function openHostState(host: Host): Promise<Ledger> {
  const { openLedger } = await import("../ledger/sqlite.ts");
  try {
    return openLedger(host.ledgerPath, { mode: "read", brief: true });
  } catch (error) {
    if (!(error instanceof LedgerError) || error.problem !== "missing") throw error;
    return openLedger(":memory:", { mode: "write" });
  }
}

/** Where a configuration is looked for that nobody names: the first that is there. */
export function configurationPlaces(directory: string): readonly string[] {
  return [join(directory, "pantheros.yaml"), "/etc/pantheros/pantheros.yaml"];
}

/** `--config`, `$PANTHEROS_CONFIG`, `./pantheros.yaml`, `/etc/pantheros/pantheros.yaml`: the first that is there. */
export function configurationFile(invocation: Pick<Invocation, "options" | "environment" | "directory">): string {
  const named = invocation.options["config"] ?? invocation.environment["PANTHEROS_CONFIG"];
  if (typeof named === "string" && named !== "") return resolve(invocation.directory, named);
  const places = configurationPlaces(invocation.directory);
  const found = places.find((place) => existsSync(place));
  if (found) return found;
  throw new UsageError(
    `there is no configuration: looked for ${places.join(" and ")}\n  → write one with: pantheros init`,
  );
}

/**
 * systemd's RuntimeDirectory=, else /run for root, else the user's runtime folder, else below the user's home. Never below a folder that
 * others can write: whoever makes it first could tell us runs that never were.
 */
function fallbackPath(ledgerPath: string, environment: NodeJS.ProcessEnv): string {
  const uid = process.getuid?.() ?? 0;
  const base =
    environment["RUNTIME_DIRECTORY"] ??
    (uid === 0
      ? "/run/pantheros"
      : join(environment["XDG_RUNTIME_DIR"] ?? join(homedir(), ".local", "state"), "pantheros"));
  try {
    mkdirSync(base, { recursive: true, mode: 0o700 });
  } catch {
    // Without it a run that cannot be journaled is kept in memory only; opening the fallback reports that.
  }
  return join(base, `ledger-${crc32(ledgerPath).toString(16).padStart(8, "0")}.sqlite`);
}
