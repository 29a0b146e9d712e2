import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { CollectorContext } from "../../src/collectors/collector.ts";
import { restic } from "../../src/collectors/restic.ts";
import type { Config } from "../../src/config/schema.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { Secret } from "../../src/model/secret.ts";
import { backupRestic } from "../../src/runners/backup-restic.ts";
import { forgetRestic } from "../../src/runners/forget-restic.ts";
import type { RunnerContext } from "../../src/runners/runner.ts";
import { createExecute } from "../../src/tools/exec.ts";
import { temporaryDirectory } from "./directory.ts";
import { eventually } from "./eventually.ts";
import { notesInMemory } from "./notes.ts";
import { type ResticStage, resticConfig, resticContext, testPassword } from "./restic-context.ts";

/** What the tests of runners and collector do with a real restic: one repository, `main`, and a folder to back up. */
const nobody = 65_534;

export interface Stage extends ResticStage {
  readonly base: string;
  readonly source: string;
  readonly program: string;
  readonly config: Config;
  /** Called before the folder is removed, last one first. */
  readonly cleanups: (() => void)[];
  /** The program by hand, beside everything that is tested. */
  restic(...args: string[]): string;
}

/** A folder with two files and the place of a repository. */
export function prepare(t: Pick<TestContext, "after">, program: string, repository: object = {}): Stage {
  const cleanups: (() => void)[] = [];
  t.after(() => {
    for (const clean of cleanups.toReversed()) clean();
  });
  const base = temporaryDirectory(t);
  const source = join(base, "source");
  mkdirSync(join(source, "folder"), { recursive: true });
  for (const file of ["one.txt", "folder/two.txt"]) writeFileSync(join(source, file), randomBytes(50_000));
  const place = join(base, "repository");
  const declared = { repository: place, restic: program, initialize: true, retention: "short", ...repository };
  const stage = {
    base,
    stateDirectory: join(base, "state"),
    repositories: { main: declared },
    retention: { short: { last: 1 } },
  };
  const env = {
    ...process.env,
    RESTIC_REPOSITORY: place,
    RESTIC_PASSWORD: testPassword,
    RESTIC_CACHE_DIR: join(base, "cache"),
  };
  const byHand = (...args: string[]) =>
    execFileSync(program, args, { env, encoding: "utf8", timeout: 60_000, stdio: ["ignore", "pipe", "pipe"] });
  return { ...stage, source, program, config: resticConfig(stage), cleanups, restic: byHand };
}

export function configOf(stage: Stage): Config {
  const { main } = stage.repositories as { main: { repository: string } };
  return resticConfig({ ...stage, repositories: { main: { ...main, restic: stage.program } } });
}

export function execute({ signal, pids }: { readonly signal?: AbortSignal; readonly pids?: number[] } = {}) {
  return createExecute({
    env: process.env,
    defaultTimeoutSeconds: 120,
    graceSeconds: 2,
    ...(signal === undefined ? {} : { signal }),
    onStart: ({ pid }) => pids?.push(pid),
  });
}

export async function run(config: Config, options: object, more: Partial<RunnerContext> = {}) {
  const { context, heard } = resticContext(config, execute(), more);
  const result = await backupRestic.run(backupRestic.options.parse({ repository: "main", ...options }), context);
  return { result, heard };
}

export function backup(stage: Stage, options: object = {}, more: Partial<RunnerContext> = {}) {
  return run(stage.config, { from: stage.source, ...options }, more);
}

export async function check(stage: Stage): Promise<void> {
  const { context } = resticContext(stage.config, execute());
  await backupRestic.check?.(backupRestic.options.parse({ repository: "main", from: stage.source }), context);
}

export function forget(stage: Pick<Stage, "config">, more: Partial<RunnerContext> = {}) {
  const { context } = resticContext(stage.config, execute(), more);
  return forgetRestic.run(forgetRestic.options.parse({ repository: "main" }), context);
}

/** One look of the collector `restic`, which has seen and noted nothing before, unless `more` says so. */
export function look(config: Config, more: Partial<CollectorContext> = {}) {
  return restic.collect({
    config,
    ledger: { observations: () => [] } as unknown as Ledger,
    execute: execute(),
    signal: new AbortController().signal,
    now: Date.now() / 1000,
    readSecret: () => new Secret(testPassword, "a test"),
    ...notesInMemory(),
    ...more,
  });
}

export function list(
  stage: Stage,
): readonly { readonly id: string; readonly tags?: string[]; readonly time: string }[] {
  return JSON.parse(stage.restic("snapshots", "--json", "--no-lock"));
}

export function script(t: Pick<TestContext, "after">, line: string): string {
  const path = join(temporaryDirectory(t), "restic");
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(join(path, ".."), 0o755);
  chmodSync(path, 0o755);
  return path;
}

/** restic with the rights of nobody, and a copy of the program where nobody can read it. */
export function asNobody(t: Pick<TestContext, "after">, program: string): string {
  const copy = join(temporaryDirectory(t), "restic-itself");
  execFileSync("cp", [program, copy]);
  chmodSync(join(copy, ".."), 0o755);
  chownSync(copy, nobody, nobody);
  return script(t, `exec setpriv --reuid=${nobody} --regid=${nobody} --clear-groups ${copy} "$@"`);
}

/** `restic check`, stopped as soon as its lock can be seen: a live process of this host that holds the lock. */
export async function holdExclusiveLock(t: TestContext, stage: Stage) {
  const locks = join(stage.base, "repository/locks");
  const sees = () => readdirSync(locks).some((file) => /^[0-9a-f]{64}$/.test(file));
  return await stopWithLock(t, [stage.program, "check"], sees, {
    RESTIC_REPOSITORY: join(stage.base, "repository"),
    RESTIC_CACHE_DIR: join(stage.base, "cache"),
  });
}

/**
 * Starts a restic until one is stopped while its lock is there: on a busy machine a `check` may have ended before anybody could look. One that
 * waits for its standard input, as `backup --stdin` does, holds its lock until it is killed.
 */
export async function stopWithLock(
  t: Pick<TestContext, "after">,
  argv: readonly [string, ...string[]],
  seesLock: () => boolean,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly kill: () => Promise<void> }> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      env: { ...process.env, RESTIC_PASSWORD: testPassword, ...environment },
      stdio: ["pipe", "ignore", "ignore"],
    });
    let isOver = false;
    const closed = new Promise<void>((resolve) => {
      child.once("close", () => {
        isOver = true;
        resolve();
      });
    });
    const kill = async () => {
      child.kill("SIGKILL");
      await closed;
    };
    t.after(kill);
    await eventually("the lock, or the end of restic", () => isOver || seesLock());
    child.kill("SIGSTOP");
    if (!isOver && seesLock()) return { kill };
    await kill();
  }
  throw new Error("restic's lock was never seen");
}
