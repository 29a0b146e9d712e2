import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";

export interface CommandOptions {
  /** The user and group that it runs as, without further groups; @default ours */
  readonly uid?: number;
  /** Programs, by their paths, that are not there for it. */
  readonly without?: readonly string[];
  /** The command itself, absolute, where it is not that of this checkout. */
  readonly main?: string;
  /** What it reads from standard input; @default nothing */
  readonly input?: string;
  /** Added to ours. */
  readonly environment?: Readonly<Record<string, string>>;
  /** After which it is killed and the test fails; @default 60 */
  readonly seconds?: number;
}

/** One line of `run --json`; what else an event holds depends on it. */
export type RunEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

export interface EndedCommand {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** With `--json`: what it told, line by line; else empty. */
  readonly events: readonly RunEvent[];
}

export interface RunningCommand {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** @throws Error with all that it said when it has not ended in its time */
  readonly ended: Promise<EndedCommand>;
}

const root = join(import.meta.dirname, "../..");

/** Runs the command of this checkout to its end, as a person would. */
export async function runPantheros(
  t: Pick<TestContext, "after">,
  config: string,
  words: readonly string[],
  options: CommandOptions = {},
): Promise<EndedCommand> {
  return await startPantheros(t, config, words, options).ended;
}

/** Starts the command of this checkout; ended with the test. */
export function startPantheros(
  t: Pick<TestContext, "after">,
  config: string,
  words: readonly string[],
  options: CommandOptions = {},
): RunningCommand {
  return startScript(t, dirname(config), [options.main ?? "src/main.ts", ...words, "--config", config], options);
}

/**
 * Starts a script of this checkout with this Node; ended with the test.
 * @param folder for what it needs to run; another user must be able to enter it
 */
export function startScript(
  t: Pick<TestContext, "after">,
  folder: string,
  words: readonly [script: string, ...string[]],
  options: CommandOptions = {},
): RunningCommand {
  const [program, ...args] = commandLine(folder, words, options);
  const child = spawn(program as string, args, {
    stdio: ["pipe", "pipe", "pipe"],
    // The ledger of last resort must not be the machine's own.
    env: { ...process.env, RUNTIME_DIRECTORY: join(folder, "runtime"), ...options.environment },
  });
  t.after(() => child.kill("SIGKILL"));
  // It may end without having read anything.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const seconds = options.seconds ?? 60;
  const ended = new Promise<EndedCommand>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`${words.join(" ")} did not end in ${seconds} s:\n${said.stdout}${said.stderr}`));
    }, seconds * 1000);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...said, events: words.includes("--json") ? eventsOf(said.stdout) : [] });
    });
  });
  return {
    pid: child.pid ?? -1,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

/** Where the machine has to look different, the command sees it through mounts of its own, which end with it. */
function commandLine(
  folder: string,
  [script, ...words]: readonly [script: string, ...string[]],
  { uid, without }: CommandOptions,
): readonly string[] {
  const hidden = (without ?? []).map((path) => ["/dev/null", path]);
  if (uid === undefined) return [...withMounts(hidden), process.execPath, resolve(root, script), ...words];
  // The clone and Node may lie where only root can read: they are shown below a folder that everybody can enter.
  const [clone, node] = [join(folder, "clone"), join(folder, "node")];
  for (const place of [clone, node]) mkdirSync(place, { recursive: true });
  return [
    ...withMounts([...hidden, [root, clone], [dirname(process.execPath), node]]),
    ...["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "env", `HOME=${folder}`],
    ...[join(node, "node"), join(clone, script), ...words],
  ];
}

function withMounts(mounts: readonly (readonly string[])[]): readonly string[] {
  if (mounts.length === 0) return [];
  const script = mounts.map((_, index) => `mount --bind "$${2 * index + 1}" "$${2 * index + 2}" &&`).join(" ");
  const all = `${script} shift ${2 * mounts.length} && exec "$@"`;
  return ["unshare", "--mount", "sh", "-c", all, "sh", ...mounts.flat()];
}

/** Every whole line: a run that is killed may leave half of one. What is no JSON does not belong on standard output. */
function eventsOf(stdout: string): RunEvent[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
