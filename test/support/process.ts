import { type ChildProcess, spawn } from "node:child_process";
import type { TestContext } from "node:test";
import type { ProcessIdentity } from "../../src/model/run/run.ts";
import { sightOf } from "../../src/tools/process/process.ts";
import { eventually } from "./eventually.ts";

export interface RunningProcess {
  readonly pid: number;
  /** Standard output and error so far, as they came. */
  output(): string;
  /** Ends it by its id: the signal first, SIGKILL when it has not gone in 5 s. @default SIGTERM */
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * Starts a program for one test and ends it with the test.
 * @param options.ready what its output says when it can be used; @default nothing is waited for
 */
export async function startProcess(
  t: Pick<TestContext, "after">,
  argv: readonly [string, ...string[]],
  options: {
    readonly ready?: RegExp;
    readonly seconds?: number;
    readonly environment?: NodeJS.ProcessEnv;
    readonly directory?: string;
  } = {},
): Promise<RunningProcess> {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.environment },
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
  });
  let output = "";
  let failure: Error | undefined;
  child.on("error", (error) => {
    failure = error;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    end(child, signal);
    const timer = setTimeout(() => end(child, "SIGKILL"), 5000);
    const result = await ended;
    clearTimeout(timer);
    return result;
  };
  t.after(() => stop());
  const ready = options.ready;
  if (ready) {
    await eventually(
      `${program} to say ${ready}`,
      () => {
        if (ready.test(output)) return true;
        return failure !== undefined || child.exitCode !== null ? "gone" : false;
      },
      { seconds: options.seconds ?? 30 },
    );
    if (!ready.test(output))
      throw new Error(`${argv.join(" ")} ended before it was ready:\n${output}`, { cause: failure });
  }
  return { pid: child.pid ?? -1, output: () => output, stop };
}

/** Runs a program to its end, or to that of the test. @param options.environment all that it gets @returns both outputs, as they came */
export function runToEnd(
  t: Pick<TestContext, "after">,
  [program, ...args]: readonly [string, ...string[]],
  { directory, environment }: { readonly directory: string; readonly environment: NodeJS.ProcessEnv },
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: directory, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    t.after(() => child.kill("SIGKILL"));
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (said: string) => {
        output += said;
      });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, output }));
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}

export function isAlive(identity: ProcessIdentity): boolean {
  return sightOf(identity) === "alive";
}
