import { StepError } from "../model/run/outcome.ts";
import type { RunnerContext } from "./runner.ts";

/** A program of the person's own, as a step names it. */
export interface ProgramCall {
  readonly argv: readonly [program: string, ...args: string[]];
  /** @default that of pantheros */
  readonly directory?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What is kept of a program's output: the end, where it says what went wrong. */
const tailCharacters = 16 * 1024;

/** @throws StepError `unknown` for every exit code but 0, `killed`, and those of `execute` */
export async function runProgram(
  { argv, directory, environment = {} }: ProgramCall,
  context: RunnerContext,
): Promise<{ readonly tail: string; readonly durationSeconds: number }> {
  const lines = createTail(tailCharacters);
  const { exitCode, signal, durationSeconds } = await context.execute({
    argv,
    environment,
    ...(directory === undefined ? {} : { directory }),
    onStdoutLine: lines.add,
    onStderrLine: lines.add,
  });
  const tail = lines.text();
  if (exitCode === 0) return { tail, durationSeconds };
  const how = signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
  const reason = signal === null ? "unknown" : "killed";
  const advice = "look at the last lines of its output (pantheros runs show), or run it by hand";
  throw new StepError(reason, `${argv[0]} ${how}`, { advice, exitCode, signal, tail });
}

/** As a person would write it. */
export function showArgv(argv: readonly string[]): string {
  return argv.map((argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : JSON.stringify(argument))).join(" ");
}

/** Looks, before anything runs, whether it can be started – unless an earlier step may have yet to make it. */
export function requireProgram(program: string, { resolveProgram }: RunnerContext): void {
  const isKnown = !program.includes("${") && (program.startsWith("/") || !program.includes("/"));
  if (isKnown) resolveProgram({ argv: [program] });
}

/** The last lines of both outputs, in the order in which they came. */
function createTail(characters: number) {
  const lines: string[] = [];
  let size = 0;
  return {
    add(line: string): void {
      lines.push(line.slice(-characters));
      size += Math.min(line.length, characters) + 1;
      while (size > characters && lines.length > 1) size -= (lines.shift()?.length ?? 0) + 1;
    },
    text: () => lines.join("\n"),
  };
}
