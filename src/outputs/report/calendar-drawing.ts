import { type JobDay, worstOutcome } from "../../model/objective/month-report.ts";
import { type Outcome, outcomes } from "../../model/run/outcome.ts";
import type { Day } from "../../model/time/month.ts";
import { type Drawing, dayLabels, frame, xOfDay } from "./frame.ts";
import { digits, escapeMarkup } from "./markup.ts";
import type { CalendarPlot } from "./plot.ts";

const row = 22;
/** Letters of a name that fit above its row. */
const side = 16;

/** A square for each day of each job. Every outcome has its own mark besides its colour. */
export function calendarDrawing({ jobs, days }: CalendarPlot): Drawing {
  const rows = jobs.map(({ job, days: own }, index) => {
    const top = frame.top + index * (row + side);
    const name = `<text class="name" x="${frame.left}" y="${top + 11}">${escapeMarkup(job)}</text>`;
    return name + own.map((day, position) => cell(day, position, days, top + side)).join("");
  });
  const bottom = frame.top + jobs.length * (row + side);
  const legend = outcomes.map((outcome, index) => {
    const x = frame.left + index * 110;
    return `${square(outcome, x, bottom + 24, 14)}<text class="label" x="${x + 20}" y="${bottom + 35}">${outcome}</text>`;
  });
  return {
    height: bottom + 46,
    content: [...rows, dayLabels(days, bottom + 12), legend.join("")].join("\n"),
  };
}

function cell(day: JobDay | null, position: number, days: readonly Day[], top: number): string {
  if (day === null) return "";
  const left = xOfDay(position, days.length);
  const size = Math.min(row - 4, xOfDay(1, days.length) - frame.left - 3);
  const x = left + (xOfDay(position + 1, days.length) - left - size) / 2;
  const outcome = worstOutcome(day);
  const name = escapeMarkup(days[position]?.name ?? "");
  if (outcome === null) {
    return `<g><title>${name}: no run has ended</title><circle class="none" cx="${digits(x + size / 2)}" cy="${digits(top + size / 2)}" r="1.5"/></g>`;
  }
  const counted = outcomes
    .filter((known) => day.byOutcome[known] > 0)
    .map((known) => `${day.byOutcome[known]} ${known}`);
  return `<g><title>${name}: ${counted.join(", ")}</title>${square(outcome, x, top, size)}</g>`;
}

function square(outcome: Outcome, x: number, y: number, size: number): string {
  const box = `<rect class="day ${outcome}" x="${digits(x)}" y="${digits(y)}" width="${digits(size)}" height="${digits(size)}" rx="2"/>`;
  const at = (share: number) => digits(share * size);
  const mark = {
    success: `M${at(0.25)} ${at(0.52)}L${at(0.43)} ${at(0.7)}L${at(0.76)} ${at(0.32)}`,
    partial: `M${at(0.5)} ${at(0.22)}V${at(0.58)}M${at(0.5)} ${at(0.74)}V${at(0.8)}`,
    failed: `M${at(0.28)} ${at(0.28)}L${at(0.72)} ${at(0.72)}M${at(0.72)} ${at(0.28)}L${at(0.28)} ${at(0.72)}`,
    skipped: `M${at(0.26)} ${at(0.5)}H${at(0.74)}`,
  }[outcome];
  return `${box}<path class="mark ${outcome}" transform="translate(${digits(x)} ${digits(y)})" d="${mark}"/>`;
}
