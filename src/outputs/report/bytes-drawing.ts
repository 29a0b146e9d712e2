import { axis, type Drawing, dayLabels, frame, xOfDay } from "./frame.ts";
import { digits, escapeMarkup } from "./markup.ts";
import type { BytesPlot } from "./plot.ts";
import { byteScale } from "./scale.ts";

/** A bar for the largest backup of each day. */
export function bytesDrawing({ bytes, days }: BytesPlot): Drawing {
  const height = 120;
  const scale = byteScale(bytes.reduce<number>((largest, value) => Math.max(largest, value ?? 0), 0));
  const bottom = height - frame.bottom;
  const yOf = (value: number) => bottom - ((bottom - frame.top) * value) / scale.top;
  const gap = 0.15;
  const bars = bytes.map((value, day) => {
    const [x, next] = [xOfDay(day + gap, days.length), xOfDay(day + 1 - gap, days.length)];
    const name = escapeMarkup(days[day]?.name ?? "");
    if (value === null) return "";
    const y = Math.min(yOf(value), bottom - 1);
    return `<rect class="bar" x="${digits(x)}" y="${digits(y)}" width="${digits(next - x)}" height="${digits(bottom - y)}"><title>${name}: ${escapeMarkup(scale.say(value))}</title></rect>`;
  });
  return { height, content: [axis(scale, yOf), bars.join(""), dayLabels(days, height - 6)].join("\n") };
}
