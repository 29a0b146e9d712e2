import * as z from "zod";
import { type Config, configuration } from "../../src/config/schema.ts";
import type { StepConfig } from "../../src/config/sections/jobs.ts";
import { openJournal } from "../../src/engine/journal.ts";
import { runJob } from "../../src/engine/run-job.ts";
import type { RunObserver, RunRequest, RunServices } from "../../src/engine/run-request.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { defineRunner, type Runner, type RunnerContext, type StepResult } from "../../src/runners/runner.ts";
import { ownIdentity } from "../../src/tools/process/process.ts";

type Work = (
  options: { readonly text: string },
  context: RunnerContext,
) => Promise<Partial<StepResult<{ said: string }>>>;

/** A runner whose work the test writes itself. `uses` is `test.NAME`. */
export function runnerOf(name: string, work: Work, more: Partial<Runner> = {}): Runner {
  return {
    ...defineRunner({
      uses: `test.${name}`,
      summary: "Does what a test says.",
      risk: "read-only",
      kind: "other",
      options: () => z.strictObject({ text: z.string().default("") }),
      produces: () => z.object({ said: z.string().meta({ description: "What it said" }) }),
      target: () => "somewhere",
      run: async (options, context) => ({ evidence: { said: options.text }, ...(await work(options, context)) }),
    }),
    ...more,
  } as Runner;
}

/** A configuration with one job, `test`. */
export function configOf(
  steps: readonly (Partial<StepConfig> & { uses: string; text?: string })[],
  job: object = {},
): Config {
  return configuration.parse({ host: "testhost", jobs: { test: { ...job, steps } } });
}

/** Runs the job `test` of a configuration in this process. */
export async function runTestJob(
  config: Config,
  runners: readonly Runner[],
  options: {
    readonly ledger?: Ledger;
    readonly signal?: AbortSignal;
    readonly observer?: RunObserver;
    readonly leftOut?: readonly string[];
    readonly checkedSteps?: RunRequest["checkedSteps"];
    readonly services?: Partial<RunServices>;
  } = {},
) {
  const ledger = options.ledger ?? openLedger(":memory:", { mode: "write" });
  const journal = openJournal([() => ledger], () => undefined);
  const report = await runJob(
    {
      config,
      job: "test",
      trigger: "command",
      signal: options.signal ?? new AbortController().signal,
      leftOut: options.leftOut ?? [],
      ...(options.checkedSteps && { checkedSteps: options.checkedSteps }),
      runnerFor: (uses) => {
        const runner = runners.find((candidate) => candidate.uses === uses);
        if (!runner) throw new StepError("config", `no runner ${uses}`);
        return runner;
      },
    },
    {
      journal,
      holder: ownIdentity(),
      heldElsewhere: () => null,
      observer: options.observer ?? {},
      now: Date.now,
      random: Math.random,
      environment: process.env,
      readSecret: () => {
        throw new StepError("auth", "there are no secrets here");
      },
      dryRun: false,
      ...options.services,
    },
  );
  return { ...report, ledger };
}
