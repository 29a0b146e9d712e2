import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { ListedRun } from "../e2e/host.ts";
import { type CommandOptions, type EndedCommand, runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

/** An example as it stands in `examples/`, with the places of a real host exchanged for those of a test. */
export interface PlacedExample {
  readonly root: string;
  readonly config: string;
  /** Writes a file of the example's secrets, 0600. @returns its path */
  secret(name: string, text: string): string;
  run(words: readonly string[], options?: CommandOptions): Promise<EndedCommand>;
  /** Runs a job and expects it to succeed; a failure shows everything that it printed. */
  succeed(job: string): Promise<EndedCommand>;
  /** What `runs --json` lists, newest first. */
  runs(): Promise<readonly ListedRun[]>;
  /** The evidence of the last run of a job, by step. */
  evidence(job: string): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>>;
  /** Looks at everything and returns what `status --json` says. */
  status(): Promise<Status>;
  /** `metrics` as Prometheus would get them: lines by series. */
  metrics(): Promise<ReadonlyMap<string, number>>;
}

export interface Status {
  readonly jobs: readonly { readonly job: string; readonly lastRun: { readonly outcome: string } | null }[];
  readonly backups: readonly {
    readonly job: string;
    readonly target: string;
    readonly proof: { readonly state: string; readonly why: string } | null;
  }[];
  readonly problems: readonly unknown[];
}

const ownSecrets = "/etc/pantheros/secrets";

/**
 * @param file below `examples/`
 * @param places what the file says → what the test has instead; each must occur. `/etc/pantheros/secrets` and the state directory go below
 * `root` by themselves.
 */
export function placeExample(
  t: Pick<TestContext, "after">,
  file: string,
  places: Readonly<Record<string, string>>,
  root = temporaryDirectory(t),
): PlacedExample {
  chmodSync(root, 0o755);
  const secrets = join(root, "secrets");
  mkdirSync(secrets, { recursive: true, mode: 0o700 });
  let text = readFileSync(join(import.meta.dirname, "../../examples", file), "utf8");
  const all = { ...(text.includes(ownSecrets) ? { [ownSecrets]: secrets } : {}), ...places };
  // The longest first: one place may be the beginning of another.
  for (const [written, own] of Object.entries(all).toSorted(([a], [b]) => b.length - a.length)) {
    assert.ok(text.includes(written), `${file} says nothing of ${written}`);
    text = text.replaceAll(written, own);
  }
  const config = join(root, `${file.replaceAll("/", "-")}`);
  const state = join(root, `state-${file.replaceAll(/\W/g, "-")}`);
  writeFileSync(config, `${text}\nstate_directory: ${state}\n`);

  const run = (words: readonly string[], options?: CommandOptions) => runPantheros(t, config, words, options);
  const json = async (words: readonly string[]) => {
    const { code, stdout, stderr } = await run([...words, "--json"]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  };
  return {
    root,
    config,
    run,
    secret(name, content) {
      const path = join(secrets, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, `${content}\n`, { mode: 0o600 });
      return path;
    },
    async succeed(job) {
      const ended = await run(["run", job]);
      assert.equal(ended.code, 0, `${job}: ${ended.stdout}\n${ended.stderr}`);
      return ended;
    },
    runs: () => json(["runs", "--limit", "1000"]),
    async evidence(job) {
      const [last] = await json(["runs", job, "--limit", "1"]);
      const shown = await json(["runs", "show", last.id]);
      return Object.fromEntries(shown.steps.map((step: { id: string; evidence: object }) => [step.id, step.evidence]));
    },
    async status() {
      // What could not be looked at is in `problems`.
      await run(["collect"]);
      return await json(["status"]);
    },
    async metrics() {
      const { stdout } = await run(["metrics"]);
      const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      return new Map(
        lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
      );
    },
  };
}
