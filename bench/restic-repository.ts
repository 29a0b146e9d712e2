import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Collected, CollectorContext } from "../src/collectors/collector.ts";
import { restic as collector } from "../src/collectors/restic.ts";
import { configuration } from "../src/config/schema.ts";
import { Secret } from "../src/model/secret.ts";
import { createExecute } from "../src/tools/exec.ts";
import { notesInMemory } from "../test/support/notes.ts";

const password = "correct horse battery staple";

export function resticEnvironment(repository: string, cache: string): NodeJS.ProcessEnv {
  return { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: password, RESTIC_CACHE_DIR: cache };
}

/**
 * One backup, and then every snapshot again under another host and time, until there are enough: 0.17 and newer can do that.
 * @returns how many
 */
export function buildRepository(base: string, program: string, repository: string, atLeast: number): number {
  const env = resticEnvironment(repository, join(base, "cache-builder"));
  const restic = (...args: string[]) => execFileSync(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  const source = join(base, "source");
  mkdirSync(source, { recursive: true });
  for (let n = 0; n < 50; n += 1) writeFileSync(join(source, `file-${n}`), `content ${n}\n`.repeat(100));
  restic("init");
  restic("backup", "--host=host-0", "--time=2026-01-01 00:00:00", "--tag=pantheros,job:nightly,path:/srv", source);
  let count = 1;
  for (let doubling = 1; count < atLeast; doubling += 1) {
    const day = String(doubling + 1).padStart(2, "0");
    // The last time only those of one host, when there are enough of them.
    const few = count + count / 4 >= atLeast && doubling > 2;
    const which = few ? [`--host=host-${doubling - 2}`] : [];
    restic("rewrite", `--new-host=host-${doubling}`, `--new-time=2026-01-${day} 00:00:00`, ...which);
    count += few ? count / 4 : count;
  }
  return count;
}

/** One host's collector, which remembers from look to look. @param forgets a note that it does not remember */
export function createObserver(
  { repository, program, state }: { readonly repository: string; readonly program: string; readonly state: string },
  forgets: (key: string) => boolean = () => false,
): () => Promise<Collected> {
  const config = configuration.parse({
    host: "bench",
    state_directory: state,
    repositories: { main: { repository, restic: program, password: { environment: "PASSWORD" } } },
  });
  const { recall, remember } = notesInMemory();
  let seen: Collected = { samples: [] };
  return async () => {
    const context = {
      config,
      execute: createExecute({ env: process.env }),
      signal: new AbortController().signal,
      now: Date.now() / 1000,
      readSecret: () => new Secret(password, "the benchmark"),
      ledger: { observations: () => [{ collector: "restic", artifacts: seen.artifacts ?? [] }] },
      recall: (key: string) => (forgets(key) ? null : recall(key)),
      remember,
    } as unknown as CollectorContext;
    seen = await collector.collect(context);
    if (seen.problems?.length !== 0) throw new Error(`the look failed: ${seen.problems}`);
    return seen;
  };
}
