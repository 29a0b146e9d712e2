import { suggest } from "../config/closest.ts";
import { ConfigError } from "../config/problems.ts";
import { emitRuns } from "../engine/emit.ts";
import { removeLeftovers } from "../engine/leftovers.ts";
import { runJob } from "../engine/run-job.ts";
import { exitCodeOf, exitCodes } from "../model/run/exit-codes.ts";
import type { RunTrigger } from "../model/run/run.ts";
import { ownIdentity } from "../tools/process/process.ts";
import { defineCommand, type Invocation, tell, UsageError } from "./command.ts";
import { keepCompiled } from "./compiled.ts";
import { type Host, removalServices } from "./host.ts";
import { withStartHooks } from "./run/hooks.ts";
import { heldElsewhere, openHostOrJournal, openRunJournal, prepareLedger, unlessLedgerFails } from "./run/journal.ts";
import { observeRun } from "./run/view.ts";

export const run = defineCommand({
  name: "run",
  description: `
Runs a job now: takes its lock, journals the start, executes its steps, proves what they left behind, journals the end and
sends the metrics. A run that is killed is found by the next "pantheros reconcile", "run" or the engine.

Jobs that say "after: [JOB]" are started when it has succeeded, one after the other, each as a run of its own; the exit code is then that
of the first one that did not succeed.

A ledger that cannot be written never stops the backup: the run is kept aside, taken in later, and ends with exit code 3.`,
  arguments: [{ name: "JOB", summary: "a job of the configuration" }],
  options: {
    "dry-run": {
      type: "boolean",
      short: "n",
      summary: "check everything and say what would be done; nothing is journaled",
    },
    trigger: {
      type: "string",
      value: "NAME",
      summary: "who asked: command, schedule, after, alert (default: command)",
    },
  },
  examples: [
    ["pantheros run home", "run the job home"],
    ["pantheros run home --dry-run", "see what it would do"],
    ["pantheros run home --json", "one event per line, for programs"],
  ],
  async run(invocation) {
    const job = invocation.arguments[0] as string;
    const host = await openHostOrJournal(invocation, job);
    if (host.leftOut.size > 0) {
      const names = [...host.leftOut.keys()].join(", ");
      tell(invocation, `pantheros: the configuration has mistakes in other jobs: ${names}; they cannot run`);
      tell(invocation, "  → see them with: pantheros config check");
    }
    requireJob(host, job);
    const exitCode = await runOnce(host, invocation, job, triggerOf(invocation));
    if (exitCode !== 0 || invocation.options["dry-run"] === true) return exitCode;
    keepCompiled();
    let worst: number = exitCode;
    const due = followersOf(host, job);
    // The list grows while it is worked off: what succeeds may have followers of its own.
    for (const follower of due) {
      if (invocation.signal.aborted) break;
      const ended = host.leftOut.has(follower)
        ? await runLeftOut(invocation, follower)
        : await runOnce(host, invocation, follower, "after");
      if (ended === 0) due.push(...followersOf(host, follower).filter((next) => !due.includes(next)));
      else if (worst === 0) worst = ended;
    }
    return worst;
  },
});

/** One run of one job, from its lock to its metrics. @returns the exit code that tells how it ended */
async function runOnce(host: Host, invocation: Invocation, job: string, trigger: RunTrigger): Promise<number> {
  const dryRun = invocation.options["dry-run"] === true;
  const { now, random, environment, signal } = invocation;
  const leftOut = [...host.leftOut.keys()];
  const view = observeRun(invocation);
  const journal = openRunJournal(host, { dryRun, onNote: view.note });
  const removal = removalServices(host, invocation);
  const { observer, told } = dryRun
    ? { observer: view, told: async () => undefined }
    : withStartHooks(view, host, { now });
  try {
    if (!dryRun) await prepareLedger(journal, host, { now, removal, onNote: view.note });
    const report = await runJob(
      {
        config: host.config,
        job,
        trigger,
        signal,
        runnerFor: host.runnerFor,
        checkedSteps: host.loaded.steps,
        leftOut,
      },
      {
        journal,
        holder: ownIdentity(),
        heldElsewhere: dryRun ? () => null : (name) => heldElsewhere(journal, host, name, now()),
        observer,
        now,
        random,
        environment,
        readSecret: host.readSecret,
        dryRun,
      },
    );
    view.finished(report, { dryRun });
    if (!dryRun) {
      await told();
      const { readSecret } = host;
      await unlessLedgerFails(view.note, () =>
        emitRuns(journal.ledger, host.config, { now, readSecret, leftOut, onProblem: view.note }),
      );
      await unlessLedgerFails(view.note, async () => {
        for (const message of await removeLeftovers(journal.ledger, removal)) view.note(message);
      });
    }
    return exitCodeOf(report.run, !dryRun && report.unjournaled !== null, invocation.stoppedBy());
  } finally {
    view.close();
    journal.close();
  }
}

/** A job that comes next and has mistakes: its refusal is journaled as that of any run – unless it has been mended meanwhile. */
async function runLeftOut(invocation: Invocation, job: string): Promise<number> {
  try {
    return await runOnce(await openHostOrJournal(invocation, job), invocation, job, "after");
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    tell(invocation, `${job}: cannot run, the configuration has mistakes in it`);
    return exitCodes.usage[0];
  }
}

/** The jobs that are started when this one has succeeded, in the order of the configuration. */
function followersOf({ config, leftOut }: Host, job: string): string[] {
  const right = Object.keys(config.jobs).filter((name) => config.jobs[name]?.after.includes(job));
  return [...right, ...[...leftOut.keys()].filter((name) => leftOut.get(name)?.includes(job))];
}

function requireJob({ config }: Host, job: string): void {
  if (Object.hasOwn(config.jobs, job)) return;
  const names = Object.keys(config.jobs);
  throw new UsageError(
    `there is no job ${JSON.stringify(job)}: ${suggest(job, names, "the configuration declares none")}`,
  );
}

const triggers: readonly RunTrigger[] = ["command", "schedule", "after", "alert"];

function triggerOf(invocation: Invocation): RunTrigger {
  const named = invocation.options["trigger"] ?? "command";
  const trigger = triggers.find((known) => known === named);
  if (trigger) return trigger;
  throw new UsageError(`--trigger ${named}: ${suggest(String(named), triggers, "")}`);
}
