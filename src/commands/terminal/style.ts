import { styleText } from "node:util";

/** What is needed of a stream to draw on it; `process.stdout` and `process.stderr` have it. */
export interface TerminalStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  /** Width in characters; where it is missing nothing is cut. */
  readonly columns?: number | undefined;
  readonly fd?: number;
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

export type Paint = (text: string) => string;

export interface Style {
  readonly good: Paint;
  readonly warn: Paint;
  readonly bad: Paint;
  readonly dim: Paint;
  readonly bold: Paint;
  /** Whether the paints above do anything. */
  readonly isColoured: boolean;
  /** Lines may be drawn again in place. */
  readonly isLive: boolean;
  /** The locale can show box drawing, `…` and the like. */
  readonly isUnicode: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Colours for one stream: they belong to the stream, since `pantheros status | less` has a terminal on standard error only. */
export function createStyle(stream: Pick<TerminalStream, "isTTY">, env: Environment): Style {
  const isLive = stream.isTTY === true && env["TERM"] !== "dumb";
  const coloured = hasColours(isLive, env);
  const paint =
    (format: Parameters<typeof styleText>[0]): Paint =>
    (text) =>
      coloured ? styleText(format, text, { validateStream: false }) : text;
  return {
    good: paint("green"),
    warn: paint("yellow"),
    bad: paint("red"),
    dim: paint("dim"),
    bold: paint("bold"),
    isColoured: coloured,
    isLive,
    isUnicode: /utf-?8/i.test(env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || ""),
  };
}

/** As https://no-color.org and https://force-color.org have it; the person who forces wins. */
function hasColours(isLive: boolean, env: Environment): boolean {
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (env["NO_COLOR"]) return false;
  return isLive;
}
