import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configuration } from "../../src/config/schema.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { createExecute, createPipeline } from "../../src/tools/exec.ts";
import { closedEnvironment, resolveProgram } from "../../src/tools/program.ts";

/**
 * What a runner gets to see: the real tools, a fixed timestamp, and nobody else at work.
 * @param config as written, without the host
 */
export function contextOf(config: Readonly<Record<string, unknown>>, more: Partial<RunnerContext> = {}): RunnerContext {
  const signal = more.signal ?? new AbortController().signal;
  return {
    config: configuration.parse({ host: "testhost", ...config }),
    job: "test",
    runId: "20261121T085700Z-test",
    timestamp: "20261121T085700Z",
    execute: createExecute({ env: process.env, signal, defaultTimeoutSeconds: 60 }),
    pipeline: createPipeline({ env: process.env, signal, defaultTimeoutSeconds: 60 }),
    resolveProgram: (call) =>
      resolveProgram(call, closedEnvironment(process.env, call.environment ?? {})["PATH"] ?? ""),
    signal,
    now: Date.now,
    dryRun: false,
    readSecret: () => {
      throw new StepError("auth", "there are no secrets here");
    },
    progress: () => undefined,
    log: () => undefined,
    pathsInUse: () => [],
    lastSteps: () => [],
    history: () => [],
    scratch: (parent) => mkdtemp(join(parent ?? tmpdir(), "scratch-")),
    leftover: () => ({ settled: () => undefined }),
    ...more,
  };
}
