import type { Style } from "./style.ts";

/** One cell of a strip: a mark, and what it is read by. */
export interface StripCell {
  /** One character. */
  readonly mark: string;
  /** Cells that follow each other with the same scale share one label. */
  readonly scale: string;
}

export interface Strip {
  readonly cells: readonly StripCell[];
  /** Of a scale: written above its first cell, the longest that fits before the next one. */
  readonly labels: (scale: string, isFirst: boolean) => readonly string[];
  /** Characters that there are for one row. */
  readonly width: number;
  /** Of one cell. @default 1 */
  readonly cellWidth?: number;
  readonly mostRows: number;
  readonly paint: (mark: string) => string;
  readonly style: Pick<Style, "dim">;
}

/**
 * Cells one beside the other with labels above, in rows that fit; the newest cell ends the last row. Readable without colours: what a cell
 * means is its mark.
 * @returns lines, in pairs of labels and marks, and how many of the oldest cells did not fit
 */
export function drawStrip(strip: Strip): { readonly lines: readonly string[]; readonly omitted: number } {
  const { cells, width, cellWidth = 1, mostRows } = strip;
  const perRow = Math.max(1, Math.floor(width / cellWidth));
  const shown = cells.slice(-perRow * mostRows);
  const lines: string[] = [];
  for (let end = shown.length; end > 0; end -= perRow) {
    const row = shown.slice(Math.max(0, end - perRow), end);
    lines.unshift(strip.style.dim(labelLine(row, strip, cellWidth)), markLine(row, strip.paint, cellWidth));
  }
  return { lines, omitted: cells.length - shown.length };
}

function labelLine(row: readonly StripCell[], { labels, width }: Strip, cellWidth: number): string {
  let line = "";
  const begins = row.flatMap(({ scale }, index) => (index === 0 || row[index - 1]?.scale !== scale ? [index] : []));
  for (const [at, begin] of begins.entries()) {
    const next = begins[at + 1];
    const start = begin * cellWidth;
    // Behind the last label there is nothing that it could run into but the end of the terminal.
    const room = next === undefined ? width - start : next * cellWidth - start - 1;
    const text = labels(row[begin]?.scale ?? "", at === 0).find((label) => label.length <= room) ?? "";
    line = line.padEnd(start) + text;
  }
  return line.trimEnd();
}

function markLine(row: readonly StripCell[], paint: Strip["paint"], cellWidth: number): string {
  let line = "";
  for (const { mark } of row) line += paint(mark) + " ".repeat(cellWidth - 1);
  return line.trimEnd();
}
