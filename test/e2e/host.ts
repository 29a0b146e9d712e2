import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import BetterSqlite from "better-sqlite3";
import { type CommandOptions, type EndedCommand, runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** A machine with a configuration, as far as pantheros can tell. */
export interface TestHost {
  /** Everything of this host; others may enter it. */
  readonly root: string;
  readonly config: string;
  readonly state: string;
  readonly ledger: string;
  /** Writes the configuration anew: `sections` beside host and state directory. */
  configure(sections: object): void;
  /** Writes a file that only its owner reads. @returns its path */
  secret(name: string, text: string): string;
  /** Makes a folder that holds one file. @returns its path */
  folder(name: string): string;
  /** Writes a program. @returns its path */
  program(name: string, script: string): string;
  /** Looks into the ledger without pantheros. */
  query<Row>(sql: string): Row[];
  run(words: readonly string[], options?: CommandOptions): Promise<EndedCommand>;
  /** What `runs --json` lists, newest first. */
  runs(options?: CommandOptions): Promise<readonly ListedRun[]>;
}

export interface ListedRun {
  readonly id: string;
  readonly job: string;
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly message: string | null;
  readonly journaled: boolean;
  readonly lost: boolean;
  readonly started_at: string;
  readonly finished_at: string | null;
}

export function createHost(t: Pick<TestContext, "after">, sections: object = {}): TestHost {
  const root = temporaryDirectory(t);
  chmodSync(root, 0o755);
  const at = (name: string) => join(root, name);
  const config = at("pantheros.yaml");
  const host: TestHost = {
    root,
    config,
    state: at("state"),
    ledger: at("state/ledger.sqlite"),
    // JSON is YAML.
    configure: (more) =>
      writeFileSync(config, JSON.stringify({ host: "e2e", state_directory: at("state"), timezone: "UTC", ...more })),
    secret(name, text) {
      writeFileSync(at(name), `${text}\n`, { mode: 0o600 });
      return at(name);
    },
    folder(name) {
      mkdirSync(at(name), { recursive: true });
      writeFileSync(join(at(name), "letter.txt"), "Dear reader\n");
      return at(name);
    },
    program(name, script) {
      writeFileSync(at(name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return at(name);
    },
    query<Row>(sql: string) {
      const database = new BetterSqlite(host.ledger, { readonly: true });
      try {
        return database.prepare<[], Row>(sql).all();
      } finally {
        database.close();
      }
    },
    run: (words, options) => runPantheros(t, config, words, options),
    async runs(options) {
      const listed = await runPantheros(t, config, ["runs", "--limit", "1000", "--json"], options);
      if (listed.code !== 0) throw new Error(`runs --json ended with ${listed.code}: ${listed.stderr}`);
      return JSON.parse(listed.stdout);
    },
  };
  host.configure(sections);
  return host;
}

/** A job that nobody starts but the test. */
export function jobOf(steps: readonly object[], more: object = {}): object {
  return { scheduler: "external", steps, ...more };
}
