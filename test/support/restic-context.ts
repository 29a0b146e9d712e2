import { type Config, configuration } from "../../src/config/schema.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Progress, RunnerContext } from "../../src/runners/runner.ts";
import type { Execute } from "../../src/tools/exec.ts";
import { contextOf } from "./runner-context.ts";

export interface ResticStage {
  readonly stateDirectory: string;
  /** As the configuration writes them; `password` is taken from the environment variable PASSWORD when it is left out. */
  readonly repositories: Readonly<Record<string, { readonly repository: string } & Record<string, unknown>>>;
  readonly subvolumes?: object;
  readonly retention?: object;
}

/** A configuration of the host web1 with the job `nightly`. */
export function resticConfig(stage: ResticStage): Config {
  const password = { environment: "PASSWORD" };
  return configuration.parse({
    host: "web1",
    timezone: "Europe/Berlin",
    state_directory: stage.stateDirectory,
    repositories: Object.fromEntries(
      Object.entries(stage.repositories).map(([name, declared]) => [name, { password, ...declared }]),
    ),
    subvolumes: stage.subvolumes ?? {},
    retention: stage.retention ?? {},
    jobs: { nightly: { steps: [{ uses: "backup.restic" }] } },
  });
}

/** What a runner gets to see. Every secret is `hunter2 hunter2`; what it says is kept in `heard`. */
export function resticContext(config: Config, execute: Execute, more: Partial<RunnerContext> = {}) {
  const heard: { readonly progress: Progress[]; readonly log: string[] } = { progress: [], log: [] };
  const context: RunnerContext = {
    ...contextOf({}),
    config,
    job: "nightly",
    runId: "20261121T085700Z-0000",
    timestamp: "20261121T085700Z",
    execute,
    resolveProgram: ({ argv: [program] }) => program,
    signal: new AbortController().signal,
    now: Date.now,
    dryRun: false,
    readSecret: () => new Secret(testPassword, "a test"),
    progress: (update) => heard.progress.push(update),
    log: (message) => heard.log.push(message),
    pathsInUse: () => [],
    lastSteps: () => [],
    ...more,
  };
  return { context, heard };
}

export const testPassword = "hunter2 hunter2";
