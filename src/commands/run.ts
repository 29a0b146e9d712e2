import { suggest } from "../config/closest.ts";
import { emitRuns } from "../engine/emit.ts";
import { runJob } from "../engine/run-job.ts";
import type { RunTrigger } from "../model/run.ts";
import { runnerFor } from "../runners/index.ts";
import { ownIdentity } from "../tools/process.ts";
import { defineCommand, type Invocation, UsageError } from "./command.ts";
import { exitCodeOf } from "./exit-codes.ts";
import type { Host } from "./host.ts";
import { heldElsewhere, openHostOrJournal, openRunJournal, prepareLedger, unlessLedgerFails } from "./run-journal.ts";
import { observeRun } from "./run-view.ts";

export const run = defineCommand({
  name: "run",
  description: `
Runs a job now: takes its lock, journals the start, executes its steps, proves what they left behind, journals the end and
sends the metrics. A run that is killed is found by the next "pantheros reconcile", "run" or the engine.

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
    const host = openHostOrJournal(invocation, job);
    requireJob(host, job);
    const dryRun = invocation.options["dry-run"] === true;
    const view = observeRun(invocation);
    const journal = openRunJournal(host, { dryRun, onNote: view.note });
    try {
      if (!dryRun) await prepareLedger(journal, host, { now: invocation.now, onNote: view.note });
      const report = await runJob(
        { config: host.config, job, trigger: triggerOf(invocation), signal: invocation.signal, runnerFor },
        {
          journal,
          holder: ownIdentity(),
          heldElsewhere: dryRun ? () => null : (name) => heldElsewhere(journal, host, name, invocation.now()),
          observer: view,
          now: invocation.now,
          random: invocation.random,
          environment: invocation.environment,
          readSecret: host.readSecret,
          dryRun,
        },
      );
      view.finished(report, { dryRun });
      const emission = { now: invocation.now, onProblem: view.note };
      if (!dryRun) await unlessLedgerFails(view.note, () => emitRuns(journal.ledger, host.config, emission));
      return exitCodeOf(report.run, !dryRun && report.unjournaled !== null, invocation.stoppedBy());
    } finally {
      view.close();
      journal.close();
    }
  },
});

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
