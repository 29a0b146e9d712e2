import type { JsonValue } from "../../model/measurement.ts";
import type { Difference } from "../../provision/difference.ts";
import type { Style } from "../terminal/style.ts";
import { displayWidth, makeVisible } from "../terminal/text.ts";
import { type LineChange, lineChanges, linesOf } from "./line-changes.ts";
import { widgetChanges, widgetSummary } from "./widget-changes.ts";

/** A person reads this much across, and this much down. */
const oneLine = 100;
const mostLines = 40;

/**
 * One field that changes, for a person: words of a list that come and go, widgets one by one, short values in one line, longer ones line by
 * line.
 */
export function differenceLines({ path, before, after }: Difference, style: Style): readonly string[] {
  const widgets = path === "widgets" ? widgetLines(before, after, style) : null;
  if (widgets !== null) return widgets;
  const set = setLines(before, after);
  if (set !== null) return [`      ${path}:`, ...set.map(({ sign, line }) => signed(sign, line, style))];
  const [old, wanted] = [before, after].map((value) => (value === null ? style.dim("default") : written(value)));
  const short = `      ${path}: ${old} → ${wanted}`;
  if (!isText(before) && !isText(after) && displayWidth(short) <= oneLine) return [short];
  const changes = lineChanges(linesOf(before), linesOf(after));
  const shown = changes.slice(0, mostLines);
  const rest = changes.length - shown.length;
  return [
    `      ${path}:`,
    ...shown.map(({ sign, line }) => signed(sign, line, style)),
    ...(rest === 0 ? [] : [style.dim(`        … ${rest} more lines: --markdown or --json shows them`)]),
  ];
}

/** Which widgets come, go and change, and what of them; null: these are no widgets. */
function widgetLines(before: JsonValue, after: JsonValue, style: Style): readonly string[] | null {
  const found = widgetChanges(before, after);
  if (found === null) return null;
  const paints = { "+": style.good, "-": style.bad, "~": style.warn } as const;
  const lines = found.changes.flatMap(({ sign, name, differences }) => [
    paints[sign](`        ${sign} ${makeVisible(name)}`),
    ...differences.flatMap((difference) => differenceLines(difference, style)).map((line) => `      ${line}`),
  ]);
  return [`      widgets: ${widgetSummary(found)}`, ...lines];
}

const isText = (value: JsonValue) => typeof value === "string" && value.includes("\n");

/** Lists of words, such as tags: what comes and what goes; null for anything else. */
function setLines(before: JsonValue, after: JsonValue): readonly LineChange[] | null {
  const words = (value: JsonValue) =>
    value === null ? [] : Array.isArray(value) && value.every((item) => typeof item === "string") ? value : null;
  const [old, wanted] = [words(before), words(after)];
  if (old === null || wanted === null || old.length + wanted.length === 0) return null;
  return [
    ...old.filter((word) => !wanted.includes(word)).map((line) => ({ sign: "-", line }) as const),
    ...wanted.filter((word) => !old.includes(word)).map((line) => ({ sign: "+", line }) as const),
  ];
}

function signed(sign: LineChange["sign"], line: string, style: Style): string {
  const text = `        ${sign} ${makeVisible(line)}`;
  return sign === "+" ? style.good(text) : sign === "-" ? style.bad(text) : style.dim(text);
}

/** JSON, with what a terminal must not get made visible. */
export const written = (value: JsonValue): string => makeVisible(JSON.stringify(value));
