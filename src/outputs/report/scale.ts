import { formatBytes, formatDuration } from "../../model/quantity.ts";

/** An axis from nothing to a round number, with a few lines. */
export interface Scale {
  readonly top: number;
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
  readonly say: (value: number) => string;
}

const minute = 60;
const hour = 3600;
const day = 86_400;
/** Steps between two lines that people read at a glance, seconds. */
const durationSteps = [
  ...[1, 5, 15, 30, minute, 5 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 6 * hour, 12 * hour],
  ...[day, 2 * day, 7 * day, 14 * day, 28 * day, 91 * day, 364 * day],
];

/** @param most seconds */
export function durationScale(most: number): Scale {
  const wanted = Math.max(most * 1.1, 4) / 4;
  const step = durationSteps.find((candidate) => candidate >= wanted) ?? Math.ceil(wanted / day) * day;
  return scaleOf(most * 1.1, step, (value) => (value === 0 ? "0" : formatDuration(value)));
}

export function byteScale(most: number): Scale {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(1, most)) / 10));
  const wanted = Math.max(most / unit, 1) / 2;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= wanted) ?? wanted;
  return scaleOf(most, step * unit, (value) => (value === 0 ? "0" : formatBytes(value)));
}

function scaleOf(most: number, step: number, say: (value: number) => string): Scale {
  const count = Math.max(1, Math.ceil(most / step));
  const ticks = Array.from({ length: count + 1 }, (_, index) => ({ value: index * step, text: say(index * step) }));
  return { top: count * step, ticks, say };
}
