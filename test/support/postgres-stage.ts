import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Secret } from "../../src/model/secret.ts";
import { backupPostgres } from "../../src/runners/backup-postgres.ts";
import { drillResticPostgres } from "../../src/runners/drill-restic-postgres.ts";
import type { Leftover, RunnerContext } from "../../src/runners/runner.ts";
import { createExecute, createPipeline } from "../../src/tools/exec.ts";
import type { PostgresServer } from "./postgres.ts";
import { resticContext, testPassword } from "./restic-context.ts";
import { prepare, type Stage } from "./restic-stage.ts";

/** The password of a server's superuser, in a file that only tests read. */
export const serverPassword = { file: "/the/password/of/the/server" };

export interface PostgresStage extends Stage {
  readonly server: PostgresServer;
  /** Folder of the scratch folders. */
  readonly scratch: string;
  /** Every argv that was started. */
  readonly started: string[][];
  /** What was journaled to be removed and has not been settled. */
  readonly leftovers: Map<number, Leftover>;
  /** As a step writes it. */
  readonly connection: Readonly<Record<string, unknown>>;
}

/** A restic repository and a server; everything that is backed up here belongs to the job nightly of the host web1. */
export function preparePostgres(t: Pick<TestContext, "after">, program: string, server: PostgresServer): PostgresStage {
  const stage = prepare(t, program);
  const scratch = join(stage.base, "scratch");
  mkdirSync(scratch, { mode: 0o700 });
  const { host, port, user, programs } = server;
  const connection = { host, port, user, programs };
  return { ...stage, server, scratch, started: [], leftovers: new Map(), connection };
}

export function postgresContext(stage: PostgresStage, more: Partial<RunnerContext> = {}) {
  const settings = {
    env: process.env,
    defaultTimeoutSeconds: 120,
    graceSeconds: 5,
    ...(more.signal === undefined ? {} : { signal: more.signal }),
    onStart: ({ argv }: { readonly argv: readonly string[] }) => void stage.started.push([...argv]),
  };
  let count = 0;
  return resticContext(stage.config, createExecute(settings), {
    pipeline: createPipeline(settings),
    readSecret: (reference) =>
      JSON.stringify(reference) === JSON.stringify(serverPassword)
        ? new Secret("opensesame", "a test")
        : new Secret(testPassword, "a test"),
    scratch: async () => {
      count += 1;
      const folder = join(stage.scratch, `${Date.now()}.${process.hrtime.bigint()}.${count}`);
      mkdirSync(folder, { mode: 0o700 });
      return folder;
    },
    leftover: (what) => {
      const number = stage.leftovers.size + 1;
      stage.leftovers.set(number, what);
      return { settled: () => void stage.leftovers.delete(number) };
    },
    ...more,
  });
}

export async function backUpPostgres(stage: PostgresStage, options: object, more: Partial<RunnerContext> = {}) {
  const { context, heard } = postgresContext(stage, more);
  const all = { repository: "main", server: stage.connection, ...options };
  const result = await backupPostgres.run(backupPostgres.options.parse(all), context);
  return { ...result, heard };
}

export async function drillPostgres(stage: PostgresStage, options: object = {}, more: Partial<RunnerContext> = {}) {
  const { context, heard } = postgresContext(stage, more);
  const all = { repository: "main", server: stage.connection, ...options };
  const result = await drillResticPostgres.run(drillResticPostgres.options.parse(all), context);
  return { ...result, heard };
}

export async function removeLeftovers(stage: PostgresStage): Promise<void> {
  const { context } = postgresContext(stage);
  for (const what of stage.leftovers.values()) await drillResticPostgres.removeLeftover?.(what, context);
}
