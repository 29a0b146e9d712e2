import { styleText } from "node:util";

/** Something wrong in a configuration file, where a person finds it. */
export interface Problem {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units as editors count. */
  readonly column: number;
  /** `jobs.home.steps[1].from`; empty: the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
  /** The line itself with the wrong part marked; secrets are masked. Absent where the file could not be read. */
  readonly excerpt?: Excerpt;
}

export interface Excerpt {
  readonly text: string;
  /** Offset of the marked part in `text`. */
  readonly start: number;
  /** At least 1. */
  readonly length: number;
}

/** What could be understood of a configuration that is refused: enough to journal and to tell that the load failed. */
export interface PartialConfig {
  readonly host?: string;
  readonly stateDirectory?: string;
  readonly dogstatsd?: { readonly address: string; readonly hostTag: boolean };
  /** Names only; their content may be wrong. */
  readonly jobs: readonly string[];
}

/** The configuration is refused. Holds every problem at once, sorted by position, and never the file's text. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly file: string;
  readonly problems: readonly Problem[];
  /** Further problems that are not listed: the list is cut at 100. */
  readonly omitted: number;
  readonly partial: PartialConfig;

  constructor(
    file: string,
    problems: readonly Problem[],
    details: { readonly omitted?: number; readonly partial?: PartialConfig; readonly cause?: unknown } = {},
  ) {
    const [first] = problems;
    const total = problems.length + (details.omitted ?? 0);
    const more = total > 1 ? ` (and ${total - 1} more)` : "";
    super(
      first ? `${place(file, first)}: ${subject(first)}${first.message}${more}` : `${file} is refused`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.file = file;
    this.problems = problems;
    this.omitted = details.omitted ?? 0;
    this.partial = details.partial ?? { jobs: [] };
  }
}

/** All problems as a compiler prints them: place, message, the line with a mark below the wrong part, hint. Ends with a newline. */
export function formatProblems(error: ConfigError, options: { readonly colour: boolean }): string {
  const style = (format: Parameters<typeof styleText>[0], text: string) =>
    options.colour ? styleText(format, text, { validateStream: false }) : text;
  const blocks = error.problems.map((problem) => {
    const lines = [`${style("bold", place(error.file, problem))}: ${style("red", subject(problem) + problem.message)}`];
    if (problem.excerpt) {
      const { text, start, length } = problem.excerpt;
      const gutter = String(problem.line).padStart(5);
      lines.push(`${style("dim", `${gutter} |`)} ${text}`);
      lines.push(`${style("dim", "      |")} ${" ".repeat(start)}${style("red", `^${"~".repeat(length - 1)}`)}`);
    }
    if (problem.hint !== undefined) lines.push(`${style("dim", "      =")} ${style("cyan", problem.hint)}`);
    return lines.join("\n");
  });
  if (error.omitted > 0) blocks.push(`… and ${error.omitted} more problems`);
  return `${blocks.join("\n")}\n`;
}

function place(file: string, problem: Problem): string {
  return problem.excerpt === undefined && problem.path === "" ? file : `${file}:${problem.line}:${problem.column}`;
}

function subject(problem: Problem): string {
  return problem.path === "" ? "" : `${problem.path}: `;
}
