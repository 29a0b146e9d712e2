import { worstOutcome } from "../../model/objective/month-report.ts";
import { formatBytes, formatDuration } from "../../model/quantity.ts";
import type { BytesPlot, CalendarPlot, Plot, RecoveryPlot } from "./plot.ts";
import { outcomeSigns } from "./words.ts";

const blocks = "▁▂▃▄▅▆▇█";
const unknown = "·";

/** A plot as lines of characters, one for each day of the month. */
export function plotLines(plot: Plot): string[] {
  if (plot.kind === "recovery") return recoveryLines(plot);
  return plot.kind === "bytes" ? bytesLines(plot) : calendarLines(plot);
}

function recoveryLines({ curve, covers, promised, days }: RecoveryPlot): string[] {
  const byDay = days.map((_, day) => greatest(curve, day / days.length / covers, (day + 1) / days.length / covers));
  const most = Math.max(promised, ...byDay.map((value) => value ?? 0));
  return [
    ruler(days.length),
    sparkline(byDay, most),
    byDay
      .map((value) => (value === null ? " " : value > promised ? "!" : " "))
      .join("")
      .trimEnd(),
    `1 character = 1 day, its greatest age; █ = ${formatDuration(most)}; ! = older than promised (${formatDuration(promised)}); ${unknown} = unknown`,
  ].filter((line) => line !== "");
}

/** @param from share of the curve */
function greatest(curve: readonly (number | null)[], from: number, until: number): number | null {
  const known = curve
    .slice(
      Math.floor(from * curve.length),
      Math.max(Math.ceil(until * curve.length), Math.floor(from * curve.length) + 1),
    )
    .filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function bytesLines({ bytes }: BytesPlot): string[] {
  const most = bytes.reduce<number>((largest, value) => Math.max(largest, value ?? 0), 0);
  return [
    ruler(bytes.length),
    sparkline(bytes, most),
    `1 character = 1 day; █ = ${formatBytes(most)}; ${unknown} = no backup with a size`,
  ];
}

function calendarLines({ jobs, days }: CalendarPlot): string[] {
  const width = jobs.reduce((widest, { job }) => Math.max(widest, job.length), 0);
  return [
    `${" ".repeat(width)}  ${ruler(days.length)}`,
    ...jobs.map(({ job, days: own }) => {
      const signs = own.map((day) => {
        const outcome = day === null ? null : worstOutcome(day);
        return day === null ? " " : outcome === null ? unknown : outcomeSigns[outcome];
      });
      return `${job.padEnd(width)}  ${signs.join("")}`.trimEnd();
    }),
    `the worst of each day: ${outcomeSigns.success} success, ${outcomeSigns.partial} partial, ${outcomeSigns.failed} failed, ${outcomeSigns.skipped} skipped, ${unknown} no run`,
  ];
}

function sparkline(values: readonly (number | null)[], most: number): string {
  return values
    .map((value) => {
      if (value === null) return unknown;
      return blocks[most === 0 ? 0 : Math.min(blocks.length - 1, Math.floor((value / most) * blocks.length))];
    })
    .join("");
}

/** `1      8      15     22     29`: the days of the month. */
function ruler(days: number): string {
  let line = "";
  for (let day = 1; day <= days; day += 7) line = line.padEnd(day - 1) + String(day);
  return line;
}
