import { type Bucket, bucketAt, nameOf, startOf } from "./calendar.ts";
import { type Zone, zoneOf } from "./zone.ts";

/** One calendar month as the clocks of a timezone show it. All moments are seconds since the epoch. */
export interface Month {
  /** `2026-11`. */
  readonly name: string;
  readonly zone: Zone;
  readonly from: number;
  /** Where the next one begins. */
  readonly until: number;
  readonly days: readonly Day[];
}

export interface Day {
  /** `2026-11-21`. */
  readonly name: string;
  readonly from: number;
  /** 23, 24 or 25 hours later as a rule. */
  readonly until: number;
}

/** The month that a text like `2026-11` names; null when it names none. */
export function parseMonth(text: string, timezone: string): Month | null {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text) ?? [];
  // Before 1970 nothing was measured; the year 9999 is the last that dates are written with.
  if (year === undefined || Number(year) < 1970 || Number(year) > 9998) return null;
  return monthOf(Number(year) * 12 + Number(month) - 1, zoneOf(timezone));
}

/** The month in which a moment lies. @param before so many months earlier */
export function monthAt(at: number, timezone: string, before = 0): Month {
  const zone = zoneOf(timezone);
  return monthOf(bucketAt("monthly", at, zone) - before, zone);
}

function monthOf(bucket: Bucket, zone: Zone): Month {
  const [from, until] = [startOf("monthly", bucket, zone), startOf("monthly", bucket + 1, zone)];
  const days: Day[] = [];
  const last = bucketAt("daily", until, zone);
  for (let day = bucketAt("daily", from, zone); day < last; day += 1) {
    days.push({
      name: nameOf("daily", day),
      from: startOf("daily", day, zone),
      until: startOf("daily", day + 1, zone),
    });
  }
  return { name: nameOf("monthly", bucket), zone, from, until, days };
}

/** Position of the day in which a moment lies; -1: it lies in another month. */
export function dayIndex({ until, days }: Pick<Month, "until" | "days">, at: number): number {
  if (at >= until) return -1;
  return days.findLastIndex((day) => day.from <= at);
}

/** `2026-11-21 09:57`, as the clocks of a timezone show it. @param at seconds since the epoch */
export function localTime(at: number, zone: Zone): string {
  return new Date((at + zone.offsetAt(at)) * 1000).toISOString().slice(0, 16).replace("T", " ");
}
