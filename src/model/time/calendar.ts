import type { Zone } from "./zone.ts";

/** The periods of retention tiers, shortest first. */
export const periods = ["hourly", "daily", "weekly", "monthly", "yearly"] as const;
export type Period = (typeof periods)[number];

/**
 * A bucket is one period of the local calendar as an integer: successive hours, days, weeks, months or years are successive numbers,
 * so the previous bucket is `bucket - 1` and the next `bucket + 1`.
 *
 * Buckets follow what local clocks show, as restic's do. Therefore a day may have 23 or 25 hours, the hour that clocks repeat in autumn is
 * one bucket of two hours, and the hour (in Samoa once: the day) that they skip is a bucket without duration.
 */
export type Bucket = number;

const hour = 3600;
const day = 86_400;

/** @param local local time as if it were UTC, in seconds: `at + zone.offsetAt(at)` */
export function bucketOfLocal(period: Period, local: number): Bucket {
  if (period === "hourly") return Math.floor(local / hour);
  const days = Math.floor(local / day);
  if (period === "daily") return days;
  // Weeks start on Monday; week 0 holds 1970-01-01, a Thursday.
  if (period === "weekly") return Math.floor((days + 3) / 7);
  const { year, month } = civilDate(days);
  return period === "monthly" ? year * 12 + month - 1 : year;
}

/** @param at seconds since the epoch */
export function bucketAt(period: Period, at: number, zone: Zone): Bucket {
  return bucketOfLocal(period, at + zone.offsetAt(at));
}

/** Seconds since the epoch of a bucket's first moment; it ends where the next one starts. */
export function startOf(period: Period, bucket: Bucket, zone: Zone): number {
  return zone.instantOf(localStartOf(period, bucket));
}

/** `2026-11-21T08`, `2026-11-21`, `2026-W47` (ISO week and its year), `2026-11`, `2026`. */
export function nameOf(period: Period, bucket: Bucket): string {
  if (period === "weekly") {
    // The week belongs to the year of its Thursday (ISO 8601).
    const thursday = bucket * 7;
    const { year } = civilDate(thursday);
    const week = Math.floor((thursday - daysOf(year, 1)) / 7) + 1;
    return `${pad(year, 4)}-W${pad(week, 2)}`;
  }
  const local = localStartOf(period, bucket);
  const days = Math.floor(local / day);
  const { year, month, dayOfMonth } = civilDate(days);
  if (period === "yearly") return pad(year, 4);
  if (period === "monthly") return `${pad(year, 4)}-${pad(month, 2)}`;
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(dayOfMonth, 2)}`;
  return period === "daily" ? date : `${date}T${pad((local - days * day) / hour, 2)}`;
}

/** Local time as if it were UTC, in seconds, of a bucket's first moment. */
export function localStartOf(period: Period, bucket: Bucket): number {
  switch (period) {
    case "hourly":
      return bucket * hour;
    case "daily":
      return bucket * day;
    case "weekly":
      return (bucket * 7 - 3) * day;
    case "monthly":
      return daysOf(0, bucket + 1) * day;
    case "yearly":
      return daysOf(bucket, 1) * day;
  }
}

/** The Gregorian date of a day number (0 = 1970-01-01); here Date is arithmetic only, always in UTC. */
function civilDate(days: number): { year: number; month: number; dayOfMonth: number } {
  const date = new Date(days * day * 1000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, dayOfMonth: date.getUTCDate() };
}

/** Day number of the first day of a month; months beyond 12 count on into the next years. */
function daysOf(year: number, month: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, 1) / (day * 1000);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
