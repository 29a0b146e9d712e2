import { calendarOf, type PeriodState } from "../../model/retention/calendar.ts";
import type { RetentionQuestion } from "../../model/retention/retention.ts";
import { type Period, periods } from "../../model/time/calendar.ts";
import { drawStrip } from "../terminal/strip.ts";
import type { Style } from "../terminal/style.ts";
import { displayWidth } from "../terminal/text.ts";

const indent = 9;
/** Before those that the tier promises. */
const rowsBefore = 1;
/** More have no place in a terminal. */
const mostPeriods = 10_000;

/** A strip of periods for each tier, the newest at the end, with the names of months or years above; the marks are explained below. */
export function calendarLines(question: RetentionQuestion, width: number, style: Style): string[] {
  const lines = periods.flatMap((tier) => (question.policy[tier] === 0 ? [] : tierLines(tier, question, width, style)));
  return lines.length === 0 ? [] : [...lines, "", ...legend(width, style)];
}

function tierLines(tier: Period, question: RetentionQuestion, width: number, style: Style): string[] {
  const room = Math.max(10, width - indent);
  const cellWidth = tier === "yearly" ? 5 : 1;
  const calendar = calendarOf(tier, question, mostPeriods);
  const all = calendar.slice(calendar.findIndex(({ state }) => state !== "none"));
  const marks = marksOf(style);
  const { lines, omitted } = drawStrip({
    cells: all.map(({ state, within }) => ({ mark: state, scale: within })),
    labels: labelsOf,
    width: room,
    cellWidth,
    mostRows: Math.ceil((question.policy[tier] * cellWidth) / room) + rowsBefore,
    paint: (state) => marks[state as PeriodState],
    style,
  });
  const title = (index: number) => (index === 1 ? tier : "").padEnd(indent);
  const rest = omitted === 0 ? [] : [`${"".padEnd(indent)}${style.dim(`and ${omitted} earlier`)}`];
  return ["", ...lines.map((line, index) => `${title(index)}${line}`.trimEnd()), ...rest];
}

const shapes = {
  unicode: { held: "■", missing: "✗", open: "·", excess: "+", other: "▫", none: " " },
  ascii: { held: "#", missing: "x", open: ".", excess: "+", other: "o", none: " " },
} as const;

function marksOf(style: Style): Readonly<Record<PeriodState, string>> {
  const { held, missing, open, excess, other, none } = style.isUnicode ? shapes.unicode : shapes.ascii;
  return {
    held: style.good(held),
    missing: style.bad(missing),
    open: style.dim(open),
    excess: style.warn(excess),
    other: style.dim(other),
    none,
  };
}

/** A mark is never parted from its meaning. */
function legend(width: number, style: Style): string[] {
  const marks = marksOf(style);
  const meanings: readonly (readonly [PeriodState, string])[] = [
    ["held", "held"],
    ["missing", "missing"],
    ["open", "not owed, or not yet"],
    ["excess", "too many"],
    ["other", "held for another tier"],
  ];
  const lines: string[] = [];
  for (const [state, meaning] of meanings) {
    const entry = `${marks[state]} ${style.dim(meaning)}`;
    const last = lines.at(-1);
    const longer = `${last}  ${entry}`;
    if (last !== undefined && displayWidth(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push("".padEnd(indent) + entry);
  }
  return lines;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `2026-11-21` → `Nov 21`, `2026-11` → `Nov` (with the year where it begins, and in front), `2026` → `2026`. */
function labelsOf(scale: string, isFirst: boolean): readonly string[] {
  const [year = "", month, day] = scale.split("-");
  if (month === undefined) return [year];
  const name = months[Number(month) - 1] ?? month;
  if (day !== undefined) return [`${name} ${Number(day)}`, String(Number(day))];
  return isFirst || month === "01" ? [`${name} ${year}`, name] : [name];
}
