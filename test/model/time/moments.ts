import fc from "fast-check";

/** Zones with every kind of clock: none, an hour, half an hour, odd offsets, a day that never was, southern summers, midnight changes. */
export const timezones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Havana",
  "America/Sao_Paulo",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "Africa/Casablanca",
] as const;

export const timezone = fc.constantFrom(...timezones);

/** Seconds since the epoch, 2000 to 2040. */
export const moments = fc.integer({ min: Date.UTC(2000, 0, 1) / 1000, max: Date.UTC(2040, 0, 1) / 1000 });

/** Seconds since the epoch of an ISO time. */
export function utc(iso: string): number {
  return Date.parse(iso) / 1000;
}

/** Local time as if it were UTC, in seconds, asked of Intl field by field: another way than `zoneOf` goes. */
export function localTimeOf(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at * 1000).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  };
}
