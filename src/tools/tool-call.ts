import type { StepError } from "../model/run/outcome.ts";
import type { Secret } from "../model/secret.ts";
import type { StopSignal } from "./process/group.ts";

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

/** One of several programs, each of which reads what the one before it writes. */
export interface PipelineProgram
  extends Pick<ToolCall, "argv" | "environment" | "directory" | "stopSignal" | "onStderrLine"> {
  /** What it means that it did not end with 0. @default `unknown`, or `killed`, with its last lines */
  readonly failure?: (result: ToolResult) => StepError;
}

export interface PipelineCall<Output> {
  readonly programs: readonly [PipelineProgram, ...PipelineProgram[]];
  /** What the first program reads on standard input. @default nothing */
  readonly input?: AsyncIterable<Uint8Array>;
  /**
   * Reads, to its end, what the last program writes; the programs wait while it does not. The bytes end only when every program has ended
   * with 0: otherwise they throw, so that a truncated stream is never taken for a whole one. What it throws ends the programs.
   * @default the tail is kept as `stdout` of the last program
   */
  readonly consume?: (bytes: AsyncIterable<Buffer>) => Promise<Output>;
  /** Hard limit for the whole. @default none */
  readonly timeoutSeconds?: number;
}

export interface PipelineResult<Output> {
  /** How each ended, in their order: all with 0. */
  readonly programs: readonly ToolResult[];
  /** What `consume` returned. */
  readonly consumed: Output;
  readonly durationSeconds: number;
}

/**
 * Runs programs that are joined by the kernel: what flows between them does not pass through pantheros. The failure of one is the failure
 * of all, and is told by the one that failed first; when it throws, none of them runs any more and `consume` has come to its end.
 * @throws StepError as the program's `failure` says, what `input` or `consume` threw, and as `Execute`
 */
export type Pipeline = <Output = undefined>(call: PipelineCall<Output>) => Promise<PipelineResult<Output>>;

/** How much others come first: for everything that is started. */
export interface Priority {
  /** As nice(1) takes it, -20 to 19: 19 is the lowest. */
  readonly nice?: number;
  /** As ionice(1) calls them. */
  readonly ionice?: "idle" | "best-effort";
}

export interface ExecuteSettings {
  /** Only PATH and HOME are taken from it; tools see nothing else of it. */
  readonly env: NodeJS.ProcessEnv;
  /** A variable that every program is given, and hands on to what it starts: by it `groupsMarked` finds them again. */
  readonly mark?: { readonly variable: string; readonly value: string };
  /** @default that of pantheros */
  readonly priority?: Priority;
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
