import { formatTimestamp, timestampMoment } from "./quantity.ts";

/**
 * Folders of objects that steps have left behind, one per run, each with the time of its run in its name: the series `backups/falkordb-`
 * holds `backups/falkordb-20261121T085700Z/…`.
 */
export interface SeriesMember {
  /** The folder, whole, without a slash at its end. */
  readonly name: string;
  /** Start of its run, seconds since the epoch. */
  readonly at: number;
}

/** The folder of a series in which an object lies; null: it is none of the series. @param name of the object, whole */
export function memberOf(series: string, name: string): SeriesMember | null {
  if (!name.startsWith(series)) return null;
  const [, timestamp, rest] = /^(\d{8}T\d{6}Z)(\/.)/s.exec(name.slice(series.length)) ?? [];
  if (timestamp === undefined || rest === undefined) return null;
  const at = timestampMoment(timestamp);
  // What only looks like a time, the 31st of February, was not made by a run.
  if (Number.isNaN(at) || formatTimestamp(at) !== timestamp) return null;
  return { name: `${series}${timestamp}`, at: at / 1000 };
}
