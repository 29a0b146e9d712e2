import type { StoredPoint, Stretch } from "./byte-hours.ts";

/** How what is stored has been growing. */
export interface Trend {
  readonly bytesPerDay: number;
  /** How far measurements lie from the line, one standard deviation, bytes. */
  readonly scatter: number;
  /** Standard error of the growth, bytes per day. */
  readonly error: number;
  readonly points: number;
}

const daySeconds = 86_400;
/** Half of a two-sided 80 % interval of Student's t, by degrees of freedom from 1; then the normal distribution's. */
const student = [3.078, 1.886, 1.638, 1.533, 1.476, 1.44, 1.415, 1.397, 1.383, 1.372];
const normal = 1.282;

/** The straight line through measurements (least squares); null: fewer than two, or all within an hour. */
export function trendOf(points: readonly StoredPoint[]): Trend | null {
  const count = points.length;
  const days = points.map(({ at }) => at / daySeconds);
  const middle = mean(days);
  const level = mean(points.map(({ bytes }) => bytes));
  const spread = days.reduce((sum, day) => sum + (day - middle) ** 2, 0);
  if (Math.max(...days) - Math.min(...days) < 1 / 24) return null;
  const bytesPerDay =
    points.reduce((sum, { bytes }, i) => sum + ((days[i] ?? 0) - middle) * (bytes - level), 0) / spread;
  const rest = points.reduce((sum, { bytes }, i) => {
    return sum + (bytes - level - bytesPerDay * ((days[i] ?? 0) - middle)) ** 2;
  }, 0);
  const scatter = count > 2 ? Math.sqrt(rest / (count - 2)) : 0;
  return { bytesPerDay, scatter, error: scatter / Math.sqrt(spread), points: count };
}

/** What will be stored until a moment: most likely, and the ends of an interval that holds it four times of five. */
export interface Outlook {
  readonly likely: Stretch;
  /** Null: too little is known for an interval. */
  readonly low: Stretch | null;
  readonly high: Stretch | null;
}

/** Fewer measurements than this say nothing of how sure a trend is. */
const fewestForInterval = 3;

/**
 * The trend carried on from what is stored now; without one, what is stored now.
 * @param bytes stored now @param now seconds since the epoch
 */
export function outlookOf(bytes: number, trend: Trend | null, now: number, until: number): Outlook {
  const days = Math.max(0, until - now) / daySeconds;
  const line = (end: number, start = bytes): Stretch => {
    return { from: now, until, start: Math.max(0, start), end: Math.max(0, end) };
  };
  const end = bytes + (trend?.bytesPerDay ?? 0) * days;
  if (trend === null || trend.points < fewestForInterval) return { likely: line(end), low: null, high: null };
  const sure = student[trend.points - 3] ?? normal;
  const reach = sure * Math.hypot(trend.scatter, trend.error * days);
  const near = sure * trend.scatter;
  return { likely: line(end), low: line(end - reach, bytes - near), high: line(end + reach, bytes + near) };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
