import type { JsonValue } from "../model/measurement.ts";
import { type Body, isBody } from "./resource.ts";

/** One field that is ours to compare. */
export interface Field {
  /** What the server takes when it is absent or null. */
  readonly default: JsonValue;
  /** The one way of writing equal values. @default as it is */
  readonly write?: (value: JsonValue) => JsonValue;
  /** The fields of an object. */
  readonly fields?: Fields;
}

/** The table of a kind: what is not in it is the server's own affair and is never compared. */
export type Fields = Readonly<Record<string, Field>>;

/**
 * What a body means: only fields of the table, equal values written equally, everything that is as it would be by default left out.
 * Two bodies that do the same have the same normal form.
 */
export function normalForm(body: Body, fields: Fields): Body {
  const kept = Object.entries(fields).flatMap(([name, field]): [string, JsonValue][] => {
    const value = normalValue(body[name], field);
    return isSame(value, normalValue(null, field)) ? [] : [[name, value]];
  });
  return Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function normalValue(given: JsonValue | undefined, { default: byDefault, write, fields }: Field): JsonValue {
  const value = given ?? byDefault;
  if (fields !== undefined) return normalForm(isBody(value) ? value : {}, fields);
  return write === undefined || value === null ? value : write(value);
}

/** Paths in a body that its table does not know: a misspelt option that nobody would ever compare. */
export function unknownFields(body: Body, fields: Fields, above = ""): readonly string[] {
  return Object.entries(body).flatMap(([name, value]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) return [`${above}${name}`];
    return field.fields !== undefined && isBody(value) ? unknownFields(value, field.fields, `${above}${name}.`) : [];
  });
}

/** Texts differ by what a person reads: line ends and the space around them do not count. */
export const text = (value: JsonValue): JsonValue =>
  typeof value === "string"
    ? value
        .replaceAll("\r\n", "\n")
        .replaceAll(/[ \t]+$/gm, "")
        .trim()
    : value;

/** Lists whose order means nothing. */
export const set = (value: JsonValue): JsonValue =>
  Array.isArray(value) ? [...new Set(value.map((item) => JSON.stringify(item)))].sort().map(parseItem) : value;
const parseItem = (item: string): JsonValue => JSON.parse(item) as JsonValue;

/** Maps where null means that the entry is not there. */
export const withoutNulls = (value: JsonValue): JsonValue =>
  isBody(value)
    ? Object.fromEntries(
        Object.entries(value)
          .filter(([, inside]) => inside !== null)
          .toSorted(([a], [b]) => (a < b ? -1 : 1)),
      )
    : value;

/** Whether two pieces of JSON are the same, whatever the order of their keys. */
export function isSame(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index] as JsonValue));
  }
  if (!isBody(a) || !isBody(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && isSame(a[name] as JsonValue, b[name] as JsonValue))
  );
}
