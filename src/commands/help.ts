import { exitCodes } from "../model/exit-codes.ts";
import type { Command, CommandOption } from "./command.ts";
import { commands } from "./index.ts";

/** Options that every command takes. */
export const commonOptions = {
  config: {
    type: "string",
    short: "c",
    value: "FILE",
    summary: "configuration (default: $PANTHEROS_CONFIG, ./pantheros.yaml, /etc/pantheros/pantheros.yaml)",
  },
  json: { type: "boolean", summary: "print JSON for programs" },
  help: { type: "boolean", short: "h", summary: "show this help" },
} as const satisfies Record<string, CommandOption>;

/** `pantheros --help` */
export function overview(): string {
  return [
    "pantheros proves that backups work: it journals every run, looks at what really exists,",
    "compares it with what was promised, and tells Datadog and Prometheus the same truth.",
    "",
    "Usage: pantheros COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...columns(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    "",
    "Every command takes:",
    ...optionLines(commonOptions),
    "",
    "Exit codes:",
    ...columns(Object.values(exitCodes).map(([code, meaning]) => [String(code), meaning])),
    "",
    "A first look:  pantheros init && pantheros doctor && pantheros run JOB && pantheros status",
    "Help for one:  pantheros COMMAND --help",
    "",
  ].join("\n");
}

/** `pantheros COMMAND --help` */
export function commandHelp(command: Command): string {
  const lines = [`Usage: ${usage(command)}`, "", command.description.trim(), ""];
  if (command.arguments.length > 0) {
    lines.push("Arguments:", ...columns(command.arguments.map((argument) => [argument.name, argument.summary])), "");
  }
  lines.push("Options:", ...optionLines({ ...command.options, ...commonOptions }), "");
  if (command.examples.length > 0) {
    lines.push("Examples:", ...columns(command.examples.map(([line, meaning]) => [line, meaning])), "");
  }
  return lines.join("\n");
}

/** `pantheros run JOB [OPTIONS]` */
export function usage(command: Command): string {
  const words = command.arguments.map(({ name, optional, many }) => {
    const word = many ? `${name}…` : name;
    return optional ? `[${word}]` : word;
  });
  return ["pantheros", command.name, ...words, "[OPTIONS]"].join(" ");
}

function optionLines(options: Readonly<Record<string, CommandOption>>): string[] {
  return columns(
    Object.entries(options).map(([name, option]) => [
      `${option.short ? `-${option.short}, ` : "    "}--${name}${option.value ? ` ${option.value}` : ""}`,
      option.summary,
    ]),
  );
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
