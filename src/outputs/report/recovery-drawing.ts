import { axis, type Drawing, dayLabels, frame } from "./frame.ts";
import { digits } from "./markup.ts";
import type { RecoveryPlot } from "./plot.ts";
import { durationScale } from "./scale.ts";

/** How old the newest data was: it rises, and falls when a backup ends. Above the dashed line the promise was broken. */
export function recoveryDrawing({ curve, covers, promised, days }: RecoveryPlot): Drawing {
  const height = 200;
  const most = curve.reduce<number>((greatest, value) => Math.max(greatest, value ?? 0), promised);
  const scale = durationScale(most);
  const bottom = height - frame.bottom;
  const yOf = (value: number) => bottom - ((bottom - frame.top) * value) / scale.top;
  const width = (frame.width - frame.left - frame.right) * Math.min(1, covers);
  const xOf = (part: number) => frame.left + (width * part) / curve.length;
  const y = digits(yOf(promised));
  return {
    height,
    content: [
      axis(scale, yOf),
      ...stretchesOf(curve, (value) => value === null).map(
        ([from, until]) =>
          `<rect class="unknown" x="${digits(xOf(from))}" y="${frame.top}" width="${digits(xOf(until) - xOf(from))}" height="${digits(bottom - frame.top)}"><title>not known</title></rect>`,
      ),
      ...stretchesOf(curve, (value) => value !== null).map(([from, until]) => {
        const points = curve
          .slice(from, until)
          .map((value, index) => `${digits(xOf(from + index + 0.5))},${digits(yOf(value ?? 0))}`);
        const ends = `${digits(xOf(until - 0.5))},${digits(bottom)} ${digits(xOf(from + 0.5))},${digits(bottom)}`;
        return `<polygon class="area" points="${points.join(" ")} ${ends}"/><polyline class="line" points="${points.join(" ")}"/>`;
      }),
      ...stretchesOf(curve, (value) => value !== null && value > promised).map(
        ([from, until]) =>
          `<rect class="over" x="${digits(xOf(from))}" y="${frame.top}" width="${digits(xOf(until) - xOf(from))}" height="4"><title>older than promised</title></rect>`,
      ),
      `<line class="promise" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${y}" y2="${y}"/>`,
      `<text class="promise-label" x="${frame.width - frame.right - 4}" y="${y}" dy="-0.4em" text-anchor="end">promised</text>`,
      dayLabels(days, height - 6),
    ].join("\n"),
  };
}

/** Stretches of neighbours that are alike: where they begin, and where the next begins. */
function stretchesOf<Value>(values: readonly Value[], isAlike: (value: Value) => boolean): [number, number][] {
  const found: [number, number][] = [];
  values.forEach((value, index) => {
    if (!isAlike(value)) return;
    const last = found.at(-1);
    if (last?.[1] === index) last[1] = index + 1;
    else found.push([index, index + 1]);
  });
  return found;
}
