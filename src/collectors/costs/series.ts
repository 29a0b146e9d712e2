import { type Calls, callClasses } from "../../model/cost/rate-card.ts";
import type { Measurement } from "../../model/measurement.ts";
import type { StoredTotals } from "../../tools/s3/scan-progress.ts";

/** No bucket has a question mark in its name, and what follows a slash is a prefix: no two series have the same name. */
export const seriesOf = {
  bucket: (bucket: string) => `cost/${bucket}`,
  part: (bucket: string, prefix: string) => `cost/${bucket}/${prefix}`,
  /** Requests that looking took, ever growing. */
  calls: (bucket: string) => `cost/${bucket}?calls`,
  /** What the provider says of a day, at the day's beginning. */
  reported: (bucket: string) => `cost/${bucket}?reported`,
  /** Which reports were read, by the day in their name. */
  reportsRead: (account: string) => `cost/?reports/${account}`,
  reportedAccount: (account: string) => `cost/?reported/${account}`,
} as const;

/** What a whole scan found, as it is remembered. */
export function totalsMeasured(series: string, at: number, totals: StoredTotals): Measurement {
  const values = Object.entries({
    live: totals.liveBytes,
    live_objects: totals.liveObjects,
    hidden: totals.hiddenBytes,
    hidden_objects: totals.hiddenObjects,
    unfinished: totals.unfinishedBytes,
    unfinished_uploads: totals.unfinishedUploads,
  });
  const known = values.filter((value): value is [string, number] => value[1] !== null);
  return { series, at, values: Object.fromEntries(known) };
}

/** What a whole scan found, as it was remembered; null: another version wrote something else. */
export function totalsOfMeasurement({ values }: Measurement): StoredTotals | null {
  const { live, live_objects } = values;
  if (!isAmount(live) || !isAmount(live_objects)) return null;
  const known = (name: string) => (isAmount(values[name]) ? values[name] : null);
  return {
    liveBytes: live,
    liveObjects: live_objects,
    hiddenBytes: known("hidden"),
    hiddenObjects: known("hidden_objects"),
    unfinishedBytes: known("unfinished"),
    unfinishedUploads: known("unfinished_uploads"),
  };
}

/** All bytes that are billed; null: some of them are not known, so that the sum would be too small. */
export function billedBytes({ liveBytes, hiddenBytes, unfinishedBytes }: StoredTotals): number | null {
  return hiddenBytes === null || unfinishedBytes === null ? null : liveBytes + hiddenBytes + unfinishedBytes;
}

/** What a provider reports of one day. */
export interface ReportedDay {
  /** The day's beginning, seconds since the epoch. */
  readonly at: number;
  readonly byteHours: number;
  readonly downloadedBytes: number;
  readonly calls: Calls;
}

export function reportMeasured(series: string, { at, byteHours, downloadedBytes, calls }: ReportedDay): Measurement {
  return { series, at, values: { byte_hours: byteHours, downloaded: downloadedBytes, ...calls } };
}

export function reportOfMeasurement({ at, values }: Measurement): ReportedDay | null {
  const { byte_hours, downloaded } = values;
  if (!isAmount(byte_hours)) return null;
  return { at, byteHours: byte_hours, downloadedBytes: isAmount(downloaded) ? downloaded : 0, calls: callsIn(values) };
}

/** Growing numbers of requests as those between two of them; what shrank began anew. */
export function callsBetween(measured: readonly Measurement[]): { readonly at: number; readonly calls: Calls }[] {
  let before: Calls = {};
  return measured.map(({ at, values }) => {
    const now = callsIn(values);
    const calls = Object.fromEntries(
      callClasses.flatMap((name) => {
        const [grown, whole] = [(now[name] ?? 0) - (before[name] ?? 0), now[name] ?? 0];
        return whole === 0 ? [] : [[name, grown >= 0 ? grown : whole]];
      }),
    );
    before = now;
    return { at, calls };
  });
}

function callsIn(values: Measurement["values"]): Calls {
  return Object.fromEntries(callClasses.flatMap((name) => (isAmount(values[name]) ? [[name, values[name]]] : [])));
}

const isAmount = (value: number | undefined): value is number => Number.isFinite(value) && (value ?? -1) >= 0;
