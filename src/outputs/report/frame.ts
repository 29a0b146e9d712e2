import type { Day } from "../../model/time/month.ts";
import { digits, escapeMarkup } from "./markup.ts";
import type { Scale } from "./scale.ts";

/** What is drawn between the frame's title and its end, and how high it is. */
export interface Drawing {
  readonly height: number;
  readonly content: string;
}

/** Units of the drawing; the page scales it to its own width. */
export const frame = { width: 760, left: 64, right: 12, top: 10, bottom: 22 } as const;

/** Position of a day's left edge. */
export function xOfDay(day: number, days: number): number {
  return frame.left + ((frame.width - frame.left - frame.right) * day) / days;
}

/** The first day and every seventh after it: `1`, `8`, … below the plot. */
export function dayLabels(days: readonly Day[], y: number): string {
  const labels: string[] = [];
  for (let day = 0; day < days.length; day += 7) {
    const middle = (xOfDay(day, days.length) + xOfDay(day + 1, days.length)) / 2;
    labels.push(`<text class="label" x="${digits(middle)}" y="${digits(y)}" text-anchor="middle">${day + 1}</text>`);
  }
  return labels.join("");
}

/** A line and its value for each tick. */
export function axis(scale: Scale, yOf: (value: number) => number): string {
  return scale.ticks
    .map(({ value, text }) => {
      const y = digits(yOf(value));
      const line = `<line class="grid" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${y}" y2="${y}"/>`;
      return `${line}<text class="label" x="${frame.left - 6}" y="${y}" dy="0.32em" text-anchor="end">${escapeMarkup(text)}</text>`;
    })
    .join("");
}
