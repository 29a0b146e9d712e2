import type { MonthReport } from "../../model/objective/month-report.ts";
import { escapeHidden } from "../../model/visible-text.ts";
import type { Block, Cell, Inline, ReportTable } from "./block.ts";
import { reportBlocks } from "./document.ts";
import type { Plot } from "./plot.ts";
import { type RunAnchors, runAnchors } from "./run-anchors.ts";
import { plotLines } from "./sparkline.ts";
import { outcomeSigns, verdictWords } from "./words.ts";

/** The report in Markdown with tables (GitHub's and CommonMark's common ground), piece by piece. */
export function* markdownReport(report: MonthReport): Generator<string> {
  const anchors = runAnchors(report);
  let isFirst = true;
  for (const block of reportBlocks(report)) {
    if (!isFirst) yield "\n";
    isFirst = false;
    yield* blockText(block, anchors);
  }
}

function* blockText(block: Block, anchors: RunAnchors): Generator<string> {
  const text = (cell: Cell) => cellText(cell, anchors);
  if ("heading" in block) yield `${"#".repeat(block.level)} ${escapeMarkdown(block.heading)}\n`;
  else if ("paragraph" in block) yield `${text(block.paragraph)}\n`;
  else if ("list" in block) for (const item of block.list) yield `- ${text(item)}\n`;
  else if ("facts" in block)
    for (const [term, value] of block.facts) yield `- ${escapeMarkdown(term)}: ${text(value)}\n`;
  else if ("table" in block) yield* tableText(block.table, text);
  else yield* plotText(block.plot);
}

function* tableText({ caption, columns, rows }: ReportTable, text: (cell: Cell) => string): Generator<string> {
  yield `*${escapeMarkdown(caption)}*\n\n`;
  yield `| ${columns.map(({ title }) => escapeMarkdown(title)).join(" | ")} |\n`;
  yield `|${columns.map(({ align }) => (align === "right" ? "---:" : "---")).join("|")}|\n`;
  for (const row of rows) yield `| ${row.map(text).join(" | ")} |\n`;
}

function* plotText(plot: Plot): Generator<string> {
  yield `*${escapeMarkdown(plot.title)}.* ${escapeMarkdown(plot.description)}\n\n`;
  yield "```text\n";
  for (const line of plotLines(plot)) yield `${escapeHidden(line).replaceAll("`", "'")}\n`;
  yield "```\n";
}

function cellText(cell: Cell, anchors: RunAnchors): string {
  return cell.map((piece) => inlineText(piece, anchors)).join("");
}

function inlineText(piece: Inline, anchors: RunAnchors): string {
  if (typeof piece === "string") return escapeMarkdown(piece);
  if ("strong" in piece) return piece.strong === "" ? "" : `**${escapeMarkdown(piece.strong)}**`;
  if ("moment" in piece) return escapeMarkdown(piece.moment);
  if ("code" in piece) return `\`${escapeHidden(piece.code).replaceAll(/[`|]/g, "'")}\``;
  if ("verdict" in piece) return `**${verdictWords[piece.verdict].join(" ")}**`;
  if ("outcome" in piece) return piece.outcome === null ? "running" : `${outcomeSigns[piece.outcome]} ${piece.outcome}`;
  if ("anchor" in piece) return `<a id="${anchors.idOf(piece.anchor)}"></a>${escapeMarkdown(piece.anchor)}`;
  const name = escapeMarkdown(piece.run);
  return anchors.isListed(piece.run) ? `[${name}](#${anchors.idOf(piece.run)})` : name;
}

/**
 * Text that means nothing else in Markdown or in the HTML that it may hold: one line, every sign that could begin markup is escaped. Digits,
 * dashes and dots are left alone where they cannot begin a list.
 */
export function escapeMarkdown(text: string): string {
  return escapeHidden(text.toWellFormed())
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_[\]|~#!$@]/g, "\\$&")
    .replaceAll(/:(?=\/\/)/g, "&#58;")
    .replace(/^(\s*)([-+=])/, "$1\\$2")
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, "$1\\$2");
}
