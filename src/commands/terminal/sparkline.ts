import type { Style } from "./style.ts";

const blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const plain = ["_", ".", "-", "~", "=", "+", "*", "#"];

/**
 * Values over time as one line of characters, the lowest value at the bottom and the highest at the top; what is not known is a space.
 * @param points in order @param width characters
 */
export function sparkline(
  points: readonly { readonly at: number; readonly value: number }[],
  { from, until, width, style }: { from: number; until: number; width: number; style: Pick<Style, "isUnicode"> },
): string {
  const values = points.map(({ value }) => value);
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const levels = style.isUnicode ? blocks : plain;
  const draw = (value: number) => {
    const share = highest > lowest ? (value - lowest) / (highest - lowest) : 0.5;
    return levels[Math.min(levels.length - 1, Math.floor(share * levels.length))] ?? "";
  };
  let line = "";
  for (let column = 1; column <= width; column += 1) {
    const moment = from + ((until - from) * column) / width;
    const last = points.findLast(({ at }) => at <= moment);
    line += last === undefined ? " " : draw(last.value);
  }
  return line;
}
