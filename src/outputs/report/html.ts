import type { MonthReport } from "../../model/objective/month-report.ts";
import type { Block, Cell, Inline, ReportTable } from "./block.ts";
import { reportBlocks } from "./document.ts";
import { escapeMarkup } from "./markup.ts";
import { type RunAnchors, runAnchors, slug } from "./run-anchors.ts";
import { style } from "./style.ts";
import { plotSvg } from "./svg.ts";
import { monthTitle, outcomeSigns, verdictWords } from "./words.ts";

/** Nothing is loaded and nothing is run, whatever the names and messages in it hold. */
const policy = "default-src 'none'; style-src 'unsafe-inline'";

/** The report as one page that needs nothing else, piece by piece. */
export function* htmlReport(report: MonthReport): Generator<string> {
  const anchors = runAnchors(report);
  const title = escapeMarkup(`Backups of ${report.host} in ${monthTitle(report.month.name)}`);
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
`;
  for (const block of reportBlocks(report)) yield* blockMarkup(block, anchors);
  yield "</main>\n</body>\n</html>\n";
}

function* blockMarkup(block: Block, anchors: RunAnchors): Generator<string> {
  const markup = (cell: Cell) => cellMarkup(cell, anchors);
  if ("heading" in block) {
    const tag = `h${block.level}`;
    yield `<${tag} id="${slug(block.id)}">${escapeMarkup(block.heading)}</${tag}>\n`;
  } else if ("paragraph" in block) yield `<p>${markup(block.paragraph)}</p>\n`;
  else if ("list" in block) yield `<ul>\n${block.list.map((item) => `<li>${markup(item)}</li>\n`).join("")}</ul>\n`;
  else if ("facts" in block) {
    const facts = block.facts.map(
      ([term, value]) => `<div><dt>${escapeMarkup(term)}</dt><dd>${markup(value)}</dd></div>\n`,
    );
    yield `<dl>\n${facts.join("")}</dl>\n`;
  } else if ("table" in block) yield* tableMarkup(block.table, markup);
  else {
    const { title, description } = block.plot;
    yield `<figure>\n<figcaption><strong>${escapeMarkup(title)}</strong>. ${escapeMarkup(description)}</figcaption>\n`;
    yield `<div class="scroll" tabindex="0">${plotSvg(block.plot)}</div>\n</figure>\n`;
  }
}

function* tableMarkup(
  { caption, columns, rows, dense }: ReportTable,
  markup: (cell: Cell) => string,
): Generator<string> {
  const number = (index: number) => (columns[index]?.align === "right" ? ' class="number"' : "");
  yield `<div class="scroll" tabindex="0"><table${dense ? ' class="dense"' : ""}>\n<caption>${escapeMarkup(caption)}</caption>\n`;
  const titles = columns.map(({ title }, index) => `<th scope="col"${number(index)}>${escapeMarkup(title)}</th>`);
  yield `<thead><tr>${titles.join("")}</tr></thead>\n<tbody>\n`;
  for (const row of rows) {
    yield `<tr>${row.map((cell, index) => `<td${number(index)}>${markup(cell)}</td>`).join("")}</tr>\n`;
  }
  yield "</tbody>\n</table></div>\n";
}

function cellMarkup(cell: Cell, anchors: RunAnchors): string {
  return cell.map((piece) => inlineMarkup(piece, anchors)).join("");
}

function inlineMarkup(piece: Inline, anchors: RunAnchors): string {
  if (typeof piece === "string") return escapeMarkup(piece);
  if ("strong" in piece) return `<strong>${escapeMarkup(piece.strong)}</strong>`;
  if ("moment" in piece) return `<time datetime="${escapeMarkup(piece.moment)}">${escapeMarkup(piece.moment)}</time>`;
  if ("code" in piece) return `<code>${escapeMarkup(piece.code)}</code>`;
  if ("verdict" in piece) {
    const [sign, word] = verdictWords[piece.verdict];
    return `<span class="verdict ${piece.verdict}"><span aria-hidden="true">${sign} </span>${word}</span>`;
  }
  if ("outcome" in piece) {
    if (piece.outcome === null) return "running";
    const sign = outcomeSigns[piece.outcome];
    return `<span class="outcome ${piece.outcome}"><span aria-hidden="true">${sign} </span>${piece.outcome}</span>`;
  }
  if ("anchor" in piece) return `<span id="${anchors.idOf(piece.anchor)}">${escapeMarkup(piece.anchor)}</span>`;
  const name = escapeMarkup(piece.run);
  return anchors.isListed(piece.run) ? `<a href="#${anchors.idOf(piece.run)}">${name}</a>` : name;
}
