import type { ChildProcess } from "node:child_process";
import { StepError } from "../model/outcome.ts";
import { formatDuration } from "../model/quantity.ts";
import type { Secret } from "../model/secret.ts";
import { cancellation } from "./cancellation.ts";
import { createOutput, type Output } from "./output.ts";
import { endProcessGroup, type StopSignal } from "./process-group.ts";
import { closedEnvironment, findProgram, launchFailure, resolveProgram } from "./program.ts";

/** One call of an external program. Never a shell: argv goes to the kernel as it is. */
export interface ToolCall {
  readonly argv: readonly [program: string, ...args: string[]];
  /** Added to the closed base environment (PATH, LC_ALL=C, TZ=UTC, HOME). The only way for a secret to reach a tool. */
  readonly environment?: Readonly<Record<string, string | Secret>>;
  readonly directory?: string;
  /** Hard limit; the process group is ended with `stopSignal`, then SIGKILL. @default none */
  readonly timeoutSeconds?: number;
  /** How the program is asked to stop, by us and by the kernel when pantheros is killed. @default SIGTERM */
  readonly stopSignal?: StopSignal;
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
  /** Standard output kept in `stdout`, in bytes; with `onStdoutLine` nothing is kept but the tail. @default 64 MiB */
  readonly maxOutputBytes?: number;
}

export interface ToolResult {
  readonly argv: readonly string[];
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  /** The last 64 KiB. */
  readonly stderr: string;
  readonly durationSeconds: number;
}

/**
 * Runs a program to its end and returns how it ended, whatever its exit code.
 * @throws StepError `tool_missing` (not found or not executable), `timeout`, `cancelled`, `unknown` (more output than `maxOutputBytes`)
 */
export type Execute = (call: ToolCall) => Promise<ToolResult>;

export interface ExecuteSettings {
  /** Only PATH and HOME are taken from it; tools see nothing else of it. */
  readonly env: NodeJS.ProcessEnv;
  /** A variable that every program is given, and hands on to what it starts: by it `groupsMarked` finds them again. */
  readonly mark?: { readonly variable: string; readonly value: string };
  /** Ends what is running and refuses what would be started. A `StepError` as its reason is what the call throws. */
  readonly signal?: AbortSignal;
  /** For calls that bring no `timeoutSeconds`. @default none */
  readonly defaultTimeoutSeconds?: number;
  /** The child leads its own process group: its pid is the group's id too. Called before its first output is read. */
  readonly onStart?: (child: { readonly pid: number; readonly argv: readonly string[] }) => void;
  readonly onEnd?: (pid: number) => void;
  /** Between `stopSignal` and SIGKILL. @default 10 */
  readonly graceSeconds?: number;
}

const defaultMaxOutputBytes = 64 * 1024 * 1024;
const defaultGraceSeconds = 10;
/** A child that is gone may have left its pipes to a grandchild; what the child itself wrote is read long before this. */
const pipeSeconds = 1;
/** What `setTimeout` can count; a longer limit (24.8 days) would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * The only way to start a program. Each call gets a closed environment, a process group of its own and no standard input; its
 * output is always drained, with bounded memory. When pantheros itself is killed, the kernel sends `stopSignal` to the program
 * (`setpriv --pdeathsig`, where util-linux has it). That signal is tied to the thread that started the child: call it from the
 * main thread, not from a worker.
 */
export function createExecute(settings: ExecuteSettings): Execute {
  return async (call) => {
    const { stopSignal = "SIGTERM" } = call;
    const mark = settings.mark === undefined ? {} : { [settings.mark.variable]: settings.mark.value };
    const environment = closedEnvironment(settings.env, { ...call.environment, ...mark });
    const program = resolveProgram(call, environment["PATH"] ?? "");
    const setpriv = findProgram("setpriv", environment["PATH"] ?? "");
    const wrapper = setpriv === null ? [] : [setpriv, "--pdeathsig", stopSignal.slice("SIG".length), "--"];
    const [file = program, ...args] = [...wrapper, program, ...call.argv.slice(1)];
    // Loaded at the first call: commands that start no program need not pay for it.
    const { execa } = await import("execa");
    if (settings.signal?.aborted) throw cancellation(call.argv[0], settings.signal);

    const startedAt = performance.now();
    const subprocess = execa(file, args, {
      env: environment,
      extendEnv: false,
      ...(call.directory === undefined ? {} : { cwd: call.directory }),
      stdin: "ignore",
      buffer: false,
      encoding: "buffer",
      detached: true,
      cleanup: false,
      reject: false,
    });
    const { pid } = subprocess;
    if (pid === undefined) {
      const { code, originalMessage } = await subprocess;
      throw launchFailure(call, code, originalMessage ?? "it could not be started");
    }
    const output = createOutput(call, call.maxOutputBytes ?? defaultMaxOutputBytes);
    try {
      const end = await follow(subprocess.nodeChildProcess, pid, output, call, settings);
      const stderr = output.stderr();
      if (setpriv !== null && (end.exitCode === 126 || end.exitCode === 127)) refuseUnlaunched(call, stderr);
      const durationSeconds = (performance.now() - startedAt) / 1000;
      return { argv: call.argv, ...end, stdout: output.stdout(), stderr, durationSeconds };
    } finally {
      settings.onEnd?.(pid);
    }
  };
}

/** Waits for the end of a running child, and brings it about when its time is over, it is cancelled or floods us. */
async function follow(child: ChildProcess, pid: number, output: Output, call: ToolCall, settings: ExecuteSettings) {
  const { signal } = settings;
  const exited = new Promise<Pick<ToolResult, "exitCode" | "signal">>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const closed = new Promise<void>((resolve) => child.once("close", resolve));
  const stop = Promise.withResolvers<{ readonly stopped: () => unknown }>();

  const timeoutSeconds = call.timeoutSeconds ?? settings.defaultTimeoutSeconds;
  const limit =
    timeoutSeconds === undefined
      ? undefined
      : setTimeout(
          () => stop.resolve({ stopped: () => timeout(call, timeoutSeconds, output.stderr()) }),
          Math.min(timeoutSeconds * 1000, longestTimerMs),
        );
  const onAbort = () => stop.resolve({ stopped: () => signal && cancellation(call.argv[0], signal) });
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    settings.onStart?.({ pid, argv: call.argv });
    output.drain(child.stdout, child.stderr, () => stop.resolve({ stopped: output.problem }));
    const end = await Promise.race([exited, stop.promise]);
    if ("stopped" in end) throw end.stopped();
    await within(pipeSeconds, closed);
    if (output.problem() !== null) throw output.problem();
    return end;
  } catch (error) {
    // Whatever went wrong, a listener of ours included: nothing that was started here is left running. A child that has
    // already been reaped is not signalled, its number may belong to another.
    const running = child.exitCode === null && child.signalCode === null;
    if (running) await endProcessGroup(pid, settings.graceSeconds ?? defaultGraceSeconds, call.stopSignal);
    throw error;
  } finally {
    clearTimeout(limit);
    signal?.removeEventListener("abort", onAbort);
    child.stdout?.destroy();
    child.stderr?.destroy();
    child.unref();
  }
}

function timeout(call: ToolCall, seconds: number, tail: string): StepError {
  return new StepError("timeout", `${call.argv[0]} did not end within ${formatDuration(seconds)} and was ended`, {
    advice: "look at the last lines of its output, then give it more time or find out what it waits for",
    tail,
  });
}

/** `setpriv` found the program on disk, but the kernel would not start it: a script whose interpreter is missing, for example. */
function refuseUnlaunched(call: ToolCall, stderr: string): void {
  const [, message] = /^setpriv: failed to execute .*: (.*)$/m.exec(stderr) ?? [];
  if (message !== undefined) throw launchFailure(call, "ENOEXEC", message);
}

async function within(seconds: number, event: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, seconds * 1000);
  await Promise.race([event, promise]);
  clearTimeout(timer);
}
