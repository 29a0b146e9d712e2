import { join } from "node:path";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger, LeftoverRecord } from "../ledger/ledger.ts";
import { formatTimestamp } from "../model/quantity.ts";
import { explainFailure, toStepError } from "../model/run/outcome.ts";
import type { Secret } from "../model/secret.ts";
import type { Runner, RunnerContext } from "../runners/runner.ts";
import { makeScratch, removeScratch, scratchName } from "../tools/files/scratch.ts";
import { createRunnerContext } from "./runner-context.ts";

/** What removing needs of the world. */
export interface RemovalServices {
  readonly config: Config;
  readonly environment: NodeJS.ProcessEnv;
  readonly readSecret: (reference: SecretReference) => Secret;
  readonly runnerFor: (uses: string) => Runner | Promise<Runner>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** `uses` of the folders that `RunnerContext.scratch` makes: the engine removes them itself. */
const scratch = "scratch";
/** Until the removal of one leftover is given up, seconds; it stays journaled. A server that is down must not hold anybody up for long. */
const removalSeconds = 60;

/** What the steps of one run may leave behind: each is journaled, durably, before it is made. */
export function createLeftovers(
  run: { readonly id: string; readonly job: string },
  journal: { record(leftover: LeftoverRecord): void; forget(id: string): void },
  services: RemovalServices,
) {
  const open = new Map<string, LeftoverRecord>();
  let count = 0;

  function add(uses: string, number: number, what: LeftoverRecord["what"]): LeftoverRecord {
    const leftover = { id: `${run.id}/${number}`, runId: run.id, job: run.job, uses, what };
    journal.record(leftover);
    open.set(leftover.id, leftover);
    return leftover;
  }

  function settled(id: string): void {
    if (open.delete(id)) journal.forget(id);
  }

  return {
    /** For the context of a step that uses a runner. */
    of: (uses: string): Pick<RunnerContext, "scratch" | "leftover"> => ({
      async scratch(parent) {
        const { scratch_directory, state_directory } = services.config;
        count += 1;
        const path = join(parent ?? scratch_directory ?? join(state_directory, "scratch"), scratchName(run.id, count));
        add(scratch, count, { path });
        await makeScratch(path);
        return path;
      },
      leftover(what) {
        count += 1;
        const { id } = add(uses, count, what);
        return { settled: () => settled(id) };
      },
    }),

    /** Removes what is left now, the youngest first. @returns what could not be removed, in words */
    async clear(): Promise<readonly string[]> {
      const problems: string[] = [];
      for (const leftover of [...open.values()].toReversed()) {
        const problem = await removeLeftover(leftover, services);
        if (problem === null) settled(leftover.id);
        else problems.push(problem);
        // What could not be removed stays in the journal: it is the next reconciliation's.
        open.delete(leftover.id);
      }
      return problems;
    },
  };
}

/**
 * Removes what runs that have ended have left behind. What cannot be removed stays journaled, for the next time.
 * @param only `folders`: what costs no network, for those who are about to do something else
 * @returns what could not be removed, in words
 */
export async function removeLeftovers(
  ledger: Ledger,
  services: RemovalServices,
  only: "folders" | "all" = "all",
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const leftover of ledger.leftovers().toReversed()) {
    if (only === "folders" && leftover.uses !== scratch) continue;
    const run = ledger.run(leftover.runId);
    if (run !== null && run.finishedAt === null) continue;
    const problem = await removeLeftover(leftover, services);
    if (problem === null) ledger.forgetLeftover(leftover.id);
    else problems.push(problem);
  }
  return problems;
}

/** @returns why it could not be removed; null: it is gone */
async function removeLeftover(leftover: LeftoverRecord, services: RemovalServices): Promise<string | null> {
  const { uses, what } = leftover;
  try {
    const context = contextFor(leftover, services);
    if (uses === scratch) await removeScratch(String(what["path"]), context.execute);
    else await (await services.runnerFor(uses)).removeLeftover?.(what, context);
    return null;
  } catch (error) {
    return `what run ${leftover.runId} left behind could not be removed (${uses}): ${explainFailure(toStepError(error))}`;
  }
}

/** Not bound to the run: it may have been cancelled, or its process may be gone. */
function contextFor({ runId, job }: LeftoverRecord, services: RemovalServices): RunnerContext {
  const never = () => {
    throw new Error("what removes leftovers must not make new ones");
  };
  return createRunnerContext({
    ...services,
    job,
    runId,
    timestamp: formatTimestamp(services.now()),
    signal: AbortSignal.timeout(removalSeconds * 1000),
    dryRun: false,
    onSecret: () => undefined,
    progress: () => undefined,
    log: () => undefined,
    pathsInUse: () => [],
    lastSteps: () => [],
    history: () => [],
    scratch: never,
    leftover: never,
  });
}
