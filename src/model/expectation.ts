import { formatDuration } from "./quantity.ts";

/** What the one value of a query must be. */
export type Expectation =
  | { readonly at_least: number }
  | { readonly at_most: number }
  | { readonly equals: number | string | boolean }
  /** Seconds that the moment may be ago. */
  | { readonly newest_within: number };

/** In words: `at least 1000`, `newer than 1d 2h`. */
export function describeExpectation(expected: Expectation): string {
  if ("at_least" in expected) return `at least ${expected.at_least}`;
  if ("at_most" in expected) return `at most ${expected.at_most}`;
  if ("equals" in expected) return `equal to ${expected.equals}`;
  return `newer than ${formatDuration(expected.newest_within)}`;
}

/**
 * @param value as the database prints it; null: there was none
 * @param now milliseconds since the epoch
 */
export function meets(value: string | null, expected: Expectation, now: number): boolean {
  if (value === null || value === "") return "equals" in expected && expected.equals === "" && value === "";
  if ("equals" in expected) return isEqual(value, expected.equals);
  if ("newest_within" in expected) {
    const at = momentOf(value);
    return at !== null && now - at <= expected.newest_within * 1000;
  }
  const number = Number(value);
  if (Number.isNaN(number)) return false;
  return "at_least" in expected ? number >= expected.at_least : number <= expected.at_most;
}

/** PostgreSQL prints booleans as t and f, and a number may be printed as 42 or 42.00. */
function isEqual(value: string, expected: number | string | boolean): boolean {
  if (typeof expected === "boolean") return value === (expected ? "t" : "f");
  return typeof expected === "number" ? Number(value) === expected : value === expected;
}

/**
 * Milliseconds since the epoch of a moment in ISO style: `2026-11-21 08:57:00.123+00`, `2026-11-21 08:57:00` (taken for UTC), `2026-11-21`;
 * null when it is none.
 */
export function momentOf(text: string): number | null {
  const [, day, time = "00:00:00", offset = "+00"] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(text.trim()) ?? [];
  if (day === undefined) return null;
  const zone = offset === "Z" ? "Z" : `${offset.slice(0, 3)}:${offset.slice(3).replace(":", "") || "00"}`;
  const at = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(at) ? null : at;
}
