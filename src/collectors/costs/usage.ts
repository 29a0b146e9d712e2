import type { Config } from "../../config/schema.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { clip, type StoredPoint, type Stretch, stretchesOf } from "../../model/cost/byte-hours.ts";
import type { BucketUsage } from "../../model/cost/storage-cost.ts";
import { clockTolerance } from "../../model/time/clock-tolerance.ts";
import type { StoredTotals } from "../../tools/s3/scan-progress.ts";
import type { Bucket } from "./buckets.ts";
import {
  billedBytes,
  callsBetween,
  type ReportedDay,
  reportOfMeasurement,
  seriesOf,
  totalsOfMeasurement,
} from "./series.ts";

const day = 86_400;
/** How far back scans are read: for the trend, and for a month that begins with what was measured before it. */
const lookBack = 45 * day;

export interface Scan {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly totals: StoredTotals;
}

/** What is known of a bucket, or of one part of it. */
export interface History {
  /** Whole scans, oldest first. */
  readonly scans: readonly Scan[];
  /** Bytes that are billed, where all of them are known. */
  readonly points: readonly StoredPoint[];
  /** Measurements that lie in the future, and do not count. */
  readonly ahead: number;
}

type Reader = Pick<Ledger, "measurements">;

/** Whole scans of a bucket or a part of it, up to a moment. */
export function historyOf(ledger: Reader, series: string, from: number, until: number, now: number): History {
  const measured = ledger.measurements({ series, from: from - lookBack });
  const scans = measured
    .filter(({ at }) => at <= Math.min(until, now + clockTolerance))
    .flatMap((measurement): Scan[] => {
      const totals = totalsOfMeasurement(measurement);
      return totals === null ? [] : [{ at: measurement.at, totals }];
    });
  const points = scans.flatMap(({ at, totals }): StoredPoint[] => {
    const bytes = billedBytes(totals);
    return bytes === null ? [] : [{ at, bytes }];
  });
  return { scans, points, ahead: measured.filter(({ at }) => at > now + clockTolerance).length };
}

/** What the provider said of days, by the day's beginning. */
export function reportedDays(ledger: Reader, series: string, from: number, until: number): readonly ReportedDay[] {
  const days = ledger.measurements({ series, from, to: until }).map(reportOfMeasurement);
  return days.filter((one): one is ReportedDay => one !== null && one.at + day <= until);
}

/** What the provider said of days, as what was stored on average. */
export function reportedStretches(days: readonly ReportedDay[]): readonly Stretch[] {
  return days.map(({ at, byteHours }) => {
    return { from: at, until: at + day, start: byteHours / 24, end: byteHours / 24 };
  });
}

/** What is billed of a bucket in a stretch of time: by the provider's report where there is one, else by scans and what we did. */
export function usageOf(
  bucket: Bucket,
  points: readonly StoredPoint[],
  days: readonly ReportedDay[],
  downloads: BucketUsage["downloads"],
  ledger: Reader,
  { from, until }: { readonly from: number; readonly until: number },
): BucketUsage {
  const isReported = (at: number) => days.some((one) => at >= one.at && at < one.at + day);
  const estimated = unreported(from, until, days).flatMap((gap) => clip(stretchesOf(points, from, until), ...gap));
  const calls = ownCalls(bucket, ledger, { from, until });
  return {
    bucket: bucket.label,
    stored: [...reportedStretches(days), ...estimated].sort((a, b) => a.from - b.from),
    downloads: [
      ...days.map(({ at, downloadedBytes }) => ({ at, bytes: downloadedBytes })),
      ...downloads.filter(({ at }) => !isReported(at)),
    ],
    calls: [...days, ...calls.filter(({ at }) => !isReported(at))],
  };
}

/** Requests that looking at a bucket took. */
export function ownCalls(
  { label }: Bucket,
  ledger: Reader,
  { from, until }: { readonly from: number; readonly until: number },
): BucketUsage["calls"] {
  // The last one before the month is what the first one in it has grown from.
  const measured = ledger.measurements({ series: seriesOf.calls(label), from: from - lookBack, to: until });
  return callsBetween(measured).filter(({ at }) => at >= from);
}

/** The stretches of time between reported days. */
function unreported(from: number, until: number, days: readonly ReportedDay[]): readonly [number, number][] {
  const edges = [from, ...days.flatMap(({ at }) => [at, at + day]), until];
  return edges.flatMap((edge, index): [number, number][] => {
    const end = edges[index + 1];
    return index % 2 === 0 && end !== undefined && end > edge ? [[edge, end]] : [];
  });
}

/** What restore drills and checks have brought back from a bucket, as far as they say; a guess, since caches save some of it. */
export function downloadsOf(
  bucket: Bucket,
  config: Config,
  ledger: Pick<Ledger, "pastSteps">,
  { from, until }: { readonly from: number; readonly until: number },
): BucketUsage["downloads"] {
  const names = new Set(bucket.parts.flatMap(({ repositories, destinations }) => [...repositories, ...destinations]));
  return Object.entries(config.jobs).flatMap(([job, { steps }]) =>
    steps.flatMap((step: Readonly<Record<string, unknown>>, index) => {
      const uses = String(step["uses"]);
      const source = step["repository"] ?? step["destination"];
      if (!/^(?:drill|verify|archive\.verify)\b/.test(uses) || !names.has(String(source))) return [];
      const id = typeof step["id"] === "string" ? step["id"] : `step_${index + 1}`;
      return ledger
        .pastSteps({ job, id, uses }, 1000)
        .map(({ startedAt, bytes }) => ({ at: startedAt / 1000, bytes: bytes ?? 0 }))
        .filter(({ at }) => at >= from && at < until);
    }),
  );
}
