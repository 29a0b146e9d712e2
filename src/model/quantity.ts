/** Durations and sizes as people write them, in one place: configuration, tables and messages use the same notation. */

const durationUnits = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_557_600 } as const;
/** What `parseDuration` reads. */
export const durationPattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w|y))+$/;

/** Seconds of `90s`, `1h30m`, `30d`, `1y` (365.25 days); null when it is not a duration. */
export function parseDuration(text: string): number | null {
  if (!durationPattern.test(text)) return null;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)/g)) {
    seconds += Number(amount) * durationUnits[unit as keyof typeof durationUnits];
  }
  return seconds;
}

/** A text that `parseDuration` reads back to exactly these seconds: `1h30m`, `30d`, `0.25s`. @param seconds 0, or 1e-6 to 1e20 */
export function writeDuration(seconds: number): string {
  if (!Number.isInteger(seconds)) return `${seconds}s`;
  let text = "";
  let rest = seconds;
  for (const unit of ["d", "h", "m", "s"] as const) {
    const amount = Math.floor(rest / durationUnits[unit]);
    rest -= amount * durationUnits[unit];
    if (amount > 0) text += `${amount}${unit}`;
  }
  return text === "" ? "0s" : text;
}

/** Two leading units at most: `2d 4h`, `1m 30s`, `0.4s`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))}s`;
  const parts: string[] = [];
  let rest = Math.round(seconds);
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

const byteUnits = {
  "": 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
/** What `parseBytes` reads. */
export const bytesPattern = /^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB|)$/;

/** Bytes of `10GiB`, `2 TB`, `4096`; null when it is not a size. */
export function parseBytes(text: string): number | null {
  const [, amount, unit] = bytesPattern.exec(text) ?? [];
  return amount === undefined ? null : Math.round(Number(amount) * byteUnits[unit as keyof typeof byteUnits]);
}

/** Binary units, as `df -h` and restic print them: `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${bytes < 0 ? "-" : ""}${value.toFixed(digits)} ${units[unit]}`;
}

/** `20261121T085700Z`: sorts by time and is a safe file name and object key. @param at milliseconds since the epoch */
export function formatTimestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

/** `2026-11-21 08:57:00 UTC`, for people. @param at milliseconds since the epoch */
export function formatMoment(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Milliseconds since the epoch of what `formatTimestamp` writes; NaN for other texts. */
export function timestampMoment(timestamp: string): number {
  return Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
