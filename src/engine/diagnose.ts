import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../config/schema.ts";
import { type LastStep, type Ledger, LedgerError } from "../ledger/ledger.ts";
import { formatBytes } from "../model/quantity.ts";
import { type StepError, toStepError } from "../model/run/outcome.ts";
import { redactAll } from "../model/secret.ts";
import { createExecute } from "../tools/exec.ts";
import { checkJob } from "./check-job.ts";
import { diagnoseDisks } from "./diagnose-disks.ts";
import { diagnoseRepositories } from "./diagnose-repositories.ts";
import type { Finding } from "./finding.ts";
import { jobStatuses } from "./status.ts";

type Services = Omit<Parameters<typeof checkJob>[2], "lastSteps" | "reach"> & {
  readonly ledgerPath: string;
  readonly openLedger: () => Ledger;
};

/** Below this much free space the ledger and the caches of the tools are at risk: bytes. */
const littleSpace = 256 * 1024 * 1024;

/** How each program says its version. */
const versionCalls = {
  btrfs: ["btrfs", "--version"],
  restic: ["restic", "version"],
  rclone: ["rclone", "version"],
  setpriv: ["setpriv", "--version"],
} as const;
type Program = keyof typeof versionCalls;

/** Looks at this host as a run would; changes nothing but that the ledger is created when it is not there yet. */
export async function diagnose(config: Config, services: Services): Promise<readonly Finding[]> {
  // An address may hold a password.
  return redactAll(await findings(config, services), []);
}

async function findings(config: Config, services: Services): Promise<readonly Finding[]> {
  return [
    node(),
    ...(await Promise.all(programsFor(config).map((name) => program(name, services)))),
    ledger(services),
    ...engine(config, services),
    await space(services.ledgerPath),
    ...(await disks(config, services)),
    ...(await repositories(config, services)),
    ...(await jobs(config, services)),
  ];
}

function node(): Finding {
  return { what: "Node.js", state: "ok", found: process.version };
}

function programsFor(config: Config): Program[] {
  const uses = Object.values(config.jobs).flatMap((job) => job.steps.map((step) => step.uses));
  const needed: Program[] = ["setpriv"];
  if (Object.keys(config.subvolumes).length > 0) needed.push("btrfs");
  if (Object.keys(config.repositories).length > 0) needed.push("restic");
  if (uses.includes("backup.rclone")) needed.push("rclone");
  return needed;
}

async function program(what: Program, { environment, signal }: Services): Promise<Finding> {
  try {
    const { stdout } = await createExecute({ env: environment, signal })({
      argv: versionCalls[what],
      timeoutSeconds: 10,
    });
    return { what, state: "ok", found: stdout.split("\n")[0] ?? "" };
  } catch (error) {
    const failure = toStepError(error);
    // Without setpriv a tool outlives a killed run until the next reconciliation; everything else works.
    return { what, state: what === "setpriv" ? "warning" : "problem", found: failure.message, ...mendOf(failure) };
  }
}

function ledger({ openLedger, ledgerPath }: Services): Finding {
  try {
    const opened = openLedger();
    const found = `${ledgerPath}, ${formatBytes(opened.sizeBytes())}`;
    opened.close();
    return { what: "ledger", state: "ok", found };
  } catch (error) {
    const { message, advice } = error as { message: string; advice?: string };
    return { what: "ledger", state: "problem", found: message, ...(advice === undefined ? {} : { mend: advice }) };
  }
}

/** A job that only the engine starts is started by nobody where none runs, and nothing fails. */
function engine(config: Config, { openLedger, now }: Services): Finding[] {
  const unattended = fromLedger(
    openLedger,
    (opened) =>
      jobStatuses(config, opened, { at: now() / 1000, host: config.host, samples: [], errors: [] })
        .filter((job) => job.unattended)
        .map(({ job }) => job),
    [],
  );
  if (unattended.length === 0) return [];
  return [
    {
      what: "engine",
      state: "warning",
      found: `none runs, and nobody else starts ${unattended.join(", ")} (scheduler: internal)`,
      mend: "start it as a service: pantheros up --help; or set scheduler: external, and start them by a timer or cron",
    },
  ];
}

async function space(ledgerPath: string): Promise<Finding> {
  const directory = dirname(ledgerPath);
  try {
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    const found = `${formatBytes(free)} free in ${directory}`;
    if (free >= littleSpace) return { what: "space", state: "ok", found };
    return {
      what: "space",
      state: "warning",
      found,
      mend: `make room, or move state_directory to a larger filesystem`,
    };
  } catch (error) {
    return {
      what: "space",
      state: "warning",
      found: error instanceof Error ? error.message : String(error),
      mend: `mkdir -p ${directory}`,
    };
  }
}

function disks(config: Config, { environment, signal, now }: Services): Promise<readonly Finding[]> {
  const execute = createExecute({ env: environment, signal, defaultTimeoutSeconds: 30 });
  return diagnoseDisks(config, execute, now() / 1000);
}

function repositories(config: Config, { environment, signal, readSecret, now }: Services): Promise<readonly Finding[]> {
  const execute = createExecute({ env: environment, signal, defaultTimeoutSeconds: 30 });
  return diagnoseRepositories(config, { execute, readSecret, now });
}

async function jobs(config: Config, services: Services): Promise<Finding[]> {
  const findings: Finding[] = [];
  const steps = lastSteps(services);
  for (const job of Object.keys(config.jobs)) {
    for (const { id, uses, failure } of await checkJob(config, job, {
      ...services,
      lastSteps: () => steps,
      reach: true,
    })) {
      const what = `${job} / ${id}`;
      if (!failure) findings.push({ what, state: "ok", found: `${uses} could run` });
      else findings.push({ what, state: "problem", found: failure.message, ...mendOf(failure) });
    }
  }
  return findings;
}

function lastSteps({ openLedger }: Services): readonly LastStep[] {
  return fromLedger(openLedger, (opened) => opened.lastSteps(), []);
}

function fromLedger<Value>(open: () => Ledger, read: (opened: Ledger) => Value, otherwise: Value): Value {
  try {
    const opened = open();
    try {
      return read(opened);
    } finally {
      opened.close();
    }
  } catch (error) {
    // A finding of its own tells of a ledger that cannot be read.
    if (error instanceof LedgerError) return otherwise;
    throw error;
  }
}

function mendOf(failure: StepError): { mend?: string } {
  return failure.details.advice === undefined ? {} : { mend: failure.details.advice };
}
