import { exitCodes } from "../model/run/exit-codes.ts";
import type { Command, CommandOption } from "./command.ts";
import { commands } from "./index.ts";
import { wrap } from "./terminal/wrap.ts";

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
export function overview(width?: number): string {
  return [
    "pantheros proves that backups work: it journals every run, looks at what really exists,",
    "compares it with what was promised, and tells Datadog and Prometheus the same truth.",
    "",
    "Usage: pantheros COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...columns(
      Object.entries(commands).map(([name, { summary }]) => [name, summary]),
      width,
    ),
    "",
    "Every command takes:",
    ...columns(optionRows(commonOptions), width),
    "",
    "Exit codes:",
    ...columns(
      Object.values(exitCodes).map(([code, meaning]) => [String(code), meaning]),
      width,
    ),
    "",
    "A first look:  pantheros init && pantheros doctor && pantheros run JOB && pantheros status",
    "Help for one:  pantheros COMMAND --help",
    "",
  ].join("\n");
}

/** `pantheros COMMAND --help` @param width of the terminal; @default as it is written */
export function commandHelp(command: Command, width = Number.POSITIVE_INFINITY): string {
  const lines = [
    ...paragraphs(`Usage: ${usage(command)}`, width),
    "",
    ...paragraphs(command.description.trim(), width),
    "",
  ];
  const add = (title: string, rows: readonly (readonly [string, string])[]) => {
    if (rows.length > 0) lines.push(`${title}:`, ...columns(rows, width), "");
  };
  add(
    "Arguments",
    command.arguments.map(({ name, summary }) => [name, summary]),
  );
  add("Options", optionRows({ ...command.options, ...commonOptions }));
  add("Examples", command.examples);
  return lines.join("\n");
}

/** Broken anew where a line is too long for the terminal, which would break it in the middle of words. */
function paragraphs(text: string, width: number): string[] {
  if (text.split("\n").every((line) => line.length <= width)) return [text];
  return text.split("\n\n").flatMap((paragraph, index) => [
    ...(index > 0 ? [""] : []),
    // A file is there to be copied.
    ...(/^ {4}/.test(paragraph)
      ? [paragraph]
      : /^ /m.test(paragraph)
        ? items(paragraph, width)
        : wrap(paragraph.replaceAll("\n", " "), width)),
  ]);
}

/** Lines of words and what they mean, whose further lines are indented. */
function items(paragraph: string, width: number): string[] {
  return paragraph.split(/\n(?! )/).flatMap((item) => {
    const head = /^\S+ {2,}/.exec(item)?.[0] ?? "";
    return wrap(item.slice(head.length).replaceAll(/\n */g, " "), width, head, "".padEnd(head.length));
  });
}

/** `pantheros run JOB [OPTIONS]` */
export function usage(command: Command): string {
  const words = command.arguments.map(({ name, optional, many }) => {
    const word = many ? `${name}…` : name;
    return optional ? `[${word}]` : word;
  });
  return ["pantheros", command.name, ...words, "[OPTIONS]"].join(" ");
}

function optionRows(options: Readonly<Record<string, CommandOption>>): [string, string][] {
  return Object.entries(options).map(([name, option]) => [
    `${option.short ? `-${option.short}, ` : "    "}--${name}${option.value ? ` ${option.value}` : ""}`,
    option.summary,
  ]);
}

/** Room that an explanation needs beside what it explains. */
const narrowest = 30;

function columns(rows: readonly (readonly [string, string])[], width = Number.POSITIVE_INFINITY): string[] {
  const left = Math.max(...rows.map(([word]) => word.length)) + 4;
  if (width - left < narrowest)
    return rows.flatMap(([word, meaning]) => [`  ${word}`, ...wrap(meaning, width, "        ")]);
  return rows.flatMap(([word, meaning]) => wrap(meaning, width, `  ${word.padEnd(left - 2)}`, "".padEnd(left)));
}
