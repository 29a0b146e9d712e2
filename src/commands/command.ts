import type { ReadStream } from "node:tty";

export interface CommandOption {
  readonly type: "boolean" | "string";
  readonly short?: string;
  /** What stands for the value in help: `PATH`. */
  readonly value?: string;
  readonly summary: string;
}

export interface CommandArgument {
  readonly name: string;
  readonly optional?: boolean;
  /** The last one may be given several times. */
  readonly many?: boolean;
  readonly summary: string;
}

/** Everything a command may touch of its process. */
export interface Invocation {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** `--json`: one JSON document (or one event per line) on standard output and nothing else there. */
  readonly json: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly directory: string;
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, "isTTY" | "setRawMode">>;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Name of the signal that asked the command to stop, once it has come. */
  readonly stoppedBy: () => string | null;
}

export interface Command {
  readonly name: string;
  /** What it does and when one needs it; paragraphs for `--help`. */
  readonly description: string;
  readonly arguments: readonly CommandArgument[];
  /** Besides `--config`, `--json` and `--help`, which every command takes. */
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  /** @returns the exit code */
  readonly run: (invocation: Invocation) => Promise<number>;
}

/** Gives a command its type; nothing else happens here. */
export function defineCommand(command: Command): Command {
  return command;
}

/** The user called it wrongly: exit code 2, with a hint. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Writes a line to standard output. */
export function print(invocation: Invocation, text: string): void {
  invocation.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

/** Writes a line for a person to standard error. */
export function tell(invocation: Pick<Invocation, "stderr">, text: string): void {
  invocation.stderr.write(text.endsWith("\n") ? text : `${text}\n`);
}

/**
 * Writes one JSON document, or one event of a stream of them, on one line. Names are written_like_this, as in the configuration; give it
 * nothing whose keys are names that a person chose.
 */
export function printJson(invocation: Invocation, value: unknown): void {
  invocation.stdout.write(`${JSON.stringify(withJsonNames(value))}\n`);
}

function withJsonNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withJsonNames);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      withJsonNames(inside),
    ]),
  );
}
