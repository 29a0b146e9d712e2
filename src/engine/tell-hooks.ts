import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { formatDuration } from "../model/quantity.ts";
import type { Run } from "../model/run/run.ts";
import { type HookServices, sendHooks } from "./hooks.ts";
import { startTimeLimit } from "./time-limit.ts";

/** What telling of ended runs needs of the world. */
export interface EmitServices extends Pick<HookServices, "readSecret" | "onProblem"> {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Ends the waiting for hooks. @default never */
  readonly signal?: AbortSignal;
  /** Jobs whose hooks are not known now: of their runs is told when they are. @default none */
  readonly leftOut?: readonly string[];
}

/** For all hooks of all runs together, seconds: whoever runs next must not wait for a server that is down. */
const hookSeconds = 60;
/** A success that ended longer ago than this is not told: whoever hears it takes it for one of now. Seconds. */
const successSeconds = 3600;
/** Of one job, after a long outage: the newest. Servers refuse those that call too often. */
const mostRuns = 10;

/** Tells the hooks of each job how its runs ended, in their order; jobs do not wait for each other. */
export async function tellHooks(
  ledger: Ledger,
  config: Config,
  runs: readonly Run[],
  { now, readSecret, onProblem, signal }: EmitServices,
): Promise<void> {
  const limit = startTimeLimit(
    hookSeconds,
    `all hooks together took longer than ${hookSeconds} s`,
    "see what its server is doing, or lower answer_within and attempts",
  );
  const waiting = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
  const services = { readSecret, onProblem, signal: waiting };
  const isFresh = (run: Run) => run.outcome !== "success" || now() - (run.finishedAt ?? 0) <= successSeconds * 1000;
  const byJob = Map.groupBy(runs, (run) => run.job);
  try {
    await Promise.all(
      [...byJob].map(async ([job, ended]) => {
        if (!config.jobs[job]?.hooks.length) return;
        const told = ended.slice(-mostRuns);
        if (told.length < ended.length)
          onProblem(`${job}: hooks are called for the newest ${mostRuns} of ${ended.length} runs only`);
        for (const run of told) {
          if (run.outcome === null) continue;
          if (isFresh(run)) await sendHooks(config, run.outcome, { ...run, steps: ledger.steps(run.id) }, services);
          else
            onProblem(
              `${job}: the success of run ${run.id} is older than ${formatDuration(successSeconds)}: no hook is called for it`,
            );
        }
      }),
    );
  } finally {
    limit.clear();
  }
}
