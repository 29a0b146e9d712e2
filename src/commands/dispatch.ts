import { parseArgs } from "node:util";
import { suggest } from "../config/closest.ts";
import { ConfigError, formatProblems } from "../config/problems.ts";
import { exitCodes } from "../model/run/exit-codes.ts";
import { version } from "../model/version.ts";
import { type Command, type Invocation, tell, UsageError } from "./command.ts";
import { commandHelp, commonOptions, overview, usage } from "./help.ts";
import { commands } from "./index.ts";
import { createStyle } from "./terminal/style.ts";

/** Finds the command that the arguments name, parses its options and runs it. @returns the exit code */
export async function dispatch(
  argv: readonly string[],
  process: Omit<Invocation, "arguments" | "options" | "json">,
): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const asked = name === "help" && rest[0] !== undefined ? await load(rest[0]) : null;
    const { columns } = process.stdout;
    process.stdout.write(asked ? commandHelp(asked, columns) : overview(columns));
    return exitCodes[name === undefined ? "usage" : "success"][0];
  }
  if (name === "--version" || name === "-V" || name === "version") {
    process.stdout.write(`${version}\n`);
    return exitCodes.success[0];
  }
  const command = await load(name);
  const { values, positionals } = parse(command, rest);
  if (values["help"]) {
    process.stdout.write(commandHelp(command, process.stdout.columns));
    return exitCodes.success[0];
  }
  const asked = { arguments: positionals, options: values, json: values["json"] === true };
  // Not spread: standard input is there for whoever asks for it, and is not opened for anybody else.
  return command.run(
    Object.defineProperties(asked, Object.getOwnPropertyDescriptors(process)) as typeof asked & typeof process,
  );
}

async function load(name: string): Promise<Command> {
  const entry = commands[name];
  if (entry) return entry.load();
  throw new UsageError(`there is no command ${JSON.stringify(name)}: ${suggest(name, Object.keys(commands), "")}`);
}

function parse(command: Command, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...commonOptions }).map(
      ([name, { type, short }]: [string, { type: "boolean" | "string"; short?: string }]) => [
        name,
        short === undefined ? { type } : { type, short },
      ],
    ),
  );
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const required = command.arguments.filter((argument) => !argument.optional).length;
    if (!parsed.values["help"]) {
      const missing = command.arguments[parsed.positionals.length];
      if (parsed.positionals.length < required) throw new UsageError(`${missing?.name} is missing`);
      const extra = command.arguments.at(-1)?.many ? undefined : parsed.positionals[command.arguments.length];
      if (extra !== undefined) throw new UsageError(`${JSON.stringify(extra)} is one argument too many`);
    }
    return parsed;
  } catch (error) {
    if (!(error instanceof UsageError) && !isParseError(error)) throw error;
    const message = error instanceof UsageError ? error.message : sayParseError(error, Object.keys(options));
    throw new UsageError(`${message}\nUsage: ${usage(command)}\nMore: pantheros ${command.name} --help`);
  }
}

/** Node's sentence for an unknown option also explains arguments that begin with a dash, which nobody meant. */
function sayParseError(error: Error, options: readonly string[]): string {
  const unknown = /^Unknown option '--?([^']+)'/.exec(error.message)?.[1];
  if (unknown === undefined) return error.message;
  return `there is no option ${unknown.length === 1 ? "-" : "--"}${unknown}: ${suggest(unknown, options, "").replace(/"([^"]+)"/, "--$1")}`;
}

function isParseError(error: unknown): error is Error {
  return error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
}

/** What a person sees of an error that ended a command. */
export function explain(error: unknown, invocation: Pick<Invocation, "stderr" | "environment">): void {
  if (error instanceof ConfigError) {
    const { isColoured } = createStyle(invocation.stderr, invocation.environment);
    tell(invocation as Invocation, formatProblems(error, { colour: isColoured }));
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  const advice = adviceOf(error);
  tell(invocation as Invocation, `pantheros: ${message}`);
  if (advice) tell(invocation as Invocation, `  → ${advice}`);
  if (invocation.environment["PANTHEROS_DEBUG"] && error instanceof Error)
    tell(invocation as Invocation, String(error.stack));
}

function adviceOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const carrier = error as { advice?: string; details?: { advice?: string } };
  return carrier.advice ?? carrier.details?.advice;
}
