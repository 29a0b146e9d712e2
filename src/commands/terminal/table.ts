import type { Style } from "./style.ts";
import { displayWidth, makeVisible, truncate } from "./text.ts";
import { wrap } from "./wrap.ts";

export interface TableColumn {
  readonly title: string;
  /** @default left */
  readonly align?: "left" | "right";
  /** Gives way first when the table is wider than the terminal. */
  readonly grow?: boolean;
  /** Its cells are sentences: where they are cut off they go on in the next line instead. Not for styled ones. */
  readonly isProse?: boolean;
}

export interface Table {
  readonly columns: readonly TableColumn[];
  /** Cells may be styled; control characters and line breaks in them are made visible. */
  readonly rows: readonly (readonly string[])[];
  /** Cells of the terminal; leave it out when piped, and nothing is cut. */
  readonly width?: number | undefined;
  /** Titles are bold and a line is drawn below them; without it the table is bare. */
  readonly style?: Pick<Style, "bold" | "dim" | "isUnicode">;
}

const gap = "  ";
/** No column is cut below this. */
const narrowest = 6;
/** Nor is prose broken into lines that are shorter than this. */
const narrowestProse = 20;

/** Lines of aligned columns, without a line break at the end. */
export function formatTable({ columns, rows, width, style }: Table): string {
  const titles = columns.map(({ title }) => style?.bold(title) ?? title);
  const body = rows.map((row) => columns.map((_, index) => makeVisible(row[index] ?? "")));
  const natural = columns.map((_, index) =>
    [titles, ...body].reduce((widest, row) => Math.max(widest, displayWidth(row[index] ?? "")), 0),
  );
  const widths = width === undefined ? natural : shrink(natural, columns, width - gap.length * (columns.length - 1));
  const ellipsis = style?.isUnicode === false ? "..." : "…";
  const format = (row: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const room = widths[index] ?? 0;
        const cell = truncate(row[index] ?? "", room, ellipsis);
        const padding = " ".repeat(room - displayWidth(cell));
        return align === "right" ? padding + cell : cell + padding;
      })
      .join(gap)
      .trimEnd();
  const rule = style?.dim(
    widths
      .map((room) => (style.isUnicode ? "─" : "-").repeat(room))
      .join(gap)
      .trimEnd(),
  );
  const lines = body.flatMap((row) => broken(row, columns, widths));
  return [format(titles), ...(rule === undefined ? [] : [rule]), ...lines.map(format)].join("\n");
}

/** A row as the lines that it takes: more than one only where prose goes on. */
function broken(row: readonly string[], columns: readonly TableColumn[], widths: readonly number[]): string[][] {
  const cells = row.map((cell, index) => {
    const room = widths[index] ?? 0;
    return columns[index]?.isProse && room >= narrowestProse ? wrap(cell, room) : [cell];
  });
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => cells.map((lines) => lines[line] ?? ""));
}

/** Takes what is too much from the growing columns, then from all others, always from the widest. */
function shrink(natural: readonly number[], columns: readonly TableColumn[], room: number): number[] {
  const widths = [...natural];
  const growing = columns.flatMap(({ grow }, index) => (grow ? [index] : []));
  for (const candidates of [growing, [...columns.keys()]]) {
    for (;;) {
      const excess = widths.reduce((sum, width) => sum + width, 0) - room;
      if (excess <= 0) return widths;
      const byWidth = candidates
        .map((index) => ({ index, width: widths[index] ?? 0 }))
        .sort((a, b) => b.width - a.width);
      const [widest, second] = byWidth;
      if (!widest || widest.width <= narrowest) break;
      const floor = Math.max(narrowest, Math.min(second?.width ?? narrowest, widest.width - 1));
      widths[widest.index] = Math.max(floor, widest.width - excess);
    }
  }
  return widths;
}
