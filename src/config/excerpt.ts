import { redact } from "../model/secret.ts";
import type { Source } from "./document.ts";
import type { Range } from "./finding.ts";
import { maskBrokenLine } from "./mask.ts";
import type { Excerpt } from "./problems.ts";

const mask = "[redacted]";
/** Characters shown before and after the marked part of a long line. */
const context = 60;

/** The line in which a range begins, without its secrets, with the range marked. */
export function excerptOf(source: Source, [start, end]: Range, secrets: readonly Range[]): Excerpt {
  const { line } = positionOf(source, start);
  const lineStart = source.lines.lineStarts[line - 1] ?? 0;
  const nextLine = source.text.indexOf("\n", lineStart);
  const textEnd = nextLine === -1 ? source.text.length : nextLine;
  const lineEnd = source.text[textEnd - 1] === "\r" ? Math.max(start, textEnd - 1) : textEnd;
  const markEnd = Math.min(Math.max(end, start + 1), lineEnd);
  const hidden = source.broken ? [...secrets, ...brokenSecret(source, line, lineStart)] : secrets;
  const show = (from: number, to: number) => printable(redact(cut(source.text, from, to, hidden), []));
  const before = show(lineStart, start);
  const marked = show(start, markEnd);
  const after = show(markEnd, lineEnd);
  const lead = before.length > context ? `…${before.slice(1 - context)}` : before;
  const middle = marked.length > context ? `${marked.slice(0, context - 1)}…` : marked;
  const trail = after.length > context ? `${after.slice(0, context - 1)}…` : after;
  return {
    text: `${lead}${middle}${trail.trimEnd()}`,
    start: lead.length,
    length: Math.max(1, middle.trimEnd().length),
  };
}

/** Line and column, counted from 1. */
export function positionOf(source: Source, offset: number): { readonly line: number; readonly column: number } {
  const { line, col } = source.lines.linePos(offset);
  return line === 0 ? { line: 1, column: 1 } : { line, column: col };
}

function brokenSecret(source: Source, line: number, lineStart: number): readonly Range[] {
  const range = maskBrokenLine(source.text.split("\n"), line - 1);
  return range ? [[lineStart + range[0], lineStart + range[1]]] : [];
}

/** A piece of the text with every hidden part that it touches replaced by one mark. */
function cut(text: string, from: number, to: number, hidden: readonly Range[]): string {
  let shown = "";
  let position = from;
  for (const [start, end] of hidden.filter(([start, end]) => start < to && end > from).sort((a, b) => a[0] - b[0])) {
    if (end <= position) continue;
    const covered = text.slice(Math.max(start, position), Math.min(end, to));
    const space = covered.slice(0, covered.length - covered.trimStart().length);
    shown += text.slice(position, Math.max(position, start)) + space + (space === covered ? "" : mask);
    position = Math.min(end, to);
  }
  return shown + text.slice(Math.min(position, to), to);
}

/** Nothing that a terminal would obey; every character keeps its place. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll("\t", " ").replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, "\uFFFD");
}
