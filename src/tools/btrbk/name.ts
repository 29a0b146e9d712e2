import type { Zone } from "../../model/time/zone.ts";

/** `NAME.20261121`, `NAME.20261121T0857`, `NAME.20261121T085700+0100`, each also with `_1`, and `.btrfs…` of raw targets behind it. */
const stamp = /\.(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(?:(\d\d)([+-])(\d\d)(\d\d))?)?(?:_\d+)?(?:\.btrfs(?:\.\w+)*)?$/;

/**
 * When btrbk named a snapshot or a backup, seconds since the epoch: the lists have no other time, and that of a backup is the age of its
 * data, not of its arrival. Names without an offset are in the local time of the host that runs btrbk.
 * @returns null for a name that btrbk does not give
 */
export function timeOfName(path: string, zone: Zone): number | null {
  const [, year, month, day, hour = "0", minute = "0", second = "0", sign, hours, minutes] = stamp.exec(path) ?? [];
  if (year === undefined) return null;
  const local = Date.UTC(...([+year, Number(month) - 1, Number(day), +hour, +minute, +second] as const)) / 1000;
  if (sign === undefined) return zone.instantOf(local);
  return local - (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
}
