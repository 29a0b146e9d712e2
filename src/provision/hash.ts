import type { JsonValue } from "../model/measurement.ts";
import { isBody } from "./resource.ts";

/** 12 hexadecimal digits of the SHA-256 of a piece of JSON; the order of keys does not change it. */
export function hashOf(value: JsonValue): string {
  return process.getBuiltinModule("node:crypto").hash("sha256", JSON.stringify(value, inOrder)).slice(0, 12);
}

function inOrder(_name: string, value: JsonValue): JsonValue {
  return isBody(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;
}
