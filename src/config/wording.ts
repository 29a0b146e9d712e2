import type * as z from "zod";

/** Sentences for what a schema refuses, where the schema has none of its own; an error map for `safeParse`. */
export function word(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`;
    case "invalid_value":
      return `must be ${alternatives(issue.values.map(String))}`;
    case "invalid_union":
      return "is not understood";
    case "too_small":
      return tooSmall(issue.origin, Number(issue.minimum), issue.inclusive !== false);
    case "too_big":
      return `must be ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unitOf(issue.origin)}`;
    case "invalid_format":
      return issue.format === "url"
        ? "must be a URL that begins with http:// or https://"
        : `must look like ${issue.pattern ?? issue.format}`;
    default:
      return "is not allowed here";
  }
}

function tooSmall(origin: string, minimum: number, inclusive: boolean): string {
  if (minimum === 1 && inclusive && origin !== "number" && origin !== "int") return "must not be empty";
  return `must be ${inclusive ? "at least" : "more than"} ${minimum}${unitOf(origin)}`;
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters long";
  return origin === "array" ? " entries long" : "";
}

const kinds: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map of keys and values",
  record: "a map of keys and values",
  array: "a list",
  null: "empty",
};

export function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return "a text";
  return typeof value === "boolean" ? `${value}` : `the number ${value}`;
}

/** `s3 or local`, `systemd, internal or external`. */
export function alternatives(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "nothing") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
