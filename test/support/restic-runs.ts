import assert from "node:assert/strict";
import type * as z from "zod";
import type { PastStep } from "../../src/ledger/ledger.ts";
import type { Runner, RunnerContext } from "../../src/runners/runner.ts";
import { temporaryDirectory } from "./directory.ts";
import { resticContext } from "./restic-context.ts";
import { execute, type Stage } from "./restic-stage.ts";

/** One step of a runner on a stage with real tools; its evidence has to be what it declares. */
export async function runOn<Options extends z.ZodObject, Produces extends z.ZodObject>(
  t: { after(end: () => void): void },
  runner: Runner<Options, Produces>,
  { config }: Pick<Stage, "config">,
  options: object,
  more: Partial<RunnerContext> = {},
) {
  const scratch = async () => temporaryDirectory(t);
  const world = more.signal === undefined ? {} : { signal: more.signal };
  const { context, heard } = resticContext(config, execute(world), { scratch, history: () => [], ...more });
  const result = await runner.run(runner.options.parse(options), context);
  assert.deepEqual(runner.produces.strict().parse(result.evidence), result.evidence, "evidence as declared");
  return { ...result, heard };
}

/** What `history` gives of runs that ended with this evidence, newest first. @param at their start, seconds since the epoch */
export function pastStep(at: number, evidence: object): PastStep {
  const times = { startedAt: at * 1000, finishedAt: at * 1000 + 1000 };
  return { runId: String(at), ...times, bytes: null, files: null, evidence: { ...evidence } };
}
