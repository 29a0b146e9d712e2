import type { Secret } from "../model/secret.ts";

/** One call of an external program. Never a shell: argv goes to the kernel as it is. */
export interface ToolCall {
  readonly argv: readonly [program: string, ...args: string[]];
  /** Added to the closed base environment (PATH, LC_ALL=C, TZ=UTC, HOME). The only way for a secret to reach a tool. */
  readonly environment?: Readonly<Record<string, string | Secret>>;
  readonly directory?: string;
  /** Hard limit; the process group is ended with SIGTERM, then SIGKILL. @default none */
  readonly timeoutSeconds?: number;
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
