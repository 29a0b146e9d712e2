import type * as z from "zod";
import { safeParse } from "zod/v4/core";
import { closest, suggest } from "./closest.ts";
import type { Finding } from "./finding.ts";
import { type Path, quote, valueAt } from "./path.ts";
import { secretReference } from "./scalars.ts";
import { childOf, coreOf, isSchema, keysOf, metaOf, optionFor } from "./schema-tree.ts";
import { literalSecret } from "./secret-names.ts";
import { alternatives, kindOf, word } from "./wording.ts";

/** Checks a part of the configuration. @param at where the value stands in the file */
export function check<T extends z.ZodType>(
  schema: T,
  value: unknown,
  at: Path = [],
): { readonly data: z.output<T> | undefined; readonly findings: readonly Finding[] } {
  // One parse per process: compiling the schemas to code first, as zod does by default, costs more than it saves.
  const result = schema.safeParse(value, { error: word, jitless: true });
  if (result.success) return { data: result.data, findings: [] };
  return { data: undefined, findings: findingsOf(result.error.issues, schema, value, at) };
}

function findingsOf(
  issues: readonly z.core.$ZodIssue[],
  schema: z.core.$ZodType,
  value: unknown,
  at: Path,
): readonly Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    const place = descend(schema, value, path);
    // Nothing of what stands where a secret is expected may be repeated: neither value nor key.
    if (place.secretAt !== null) return [secretFinding([...at, ...path.slice(0, place.secretAt)], place.value)];
    const written = valueAt(value, path);
    if (issue.code === "invalid_union" && issue.discriminator !== undefined) {
      const kinds = "options" in issue ? (issue.options ?? []).map(String) : [];
      return [explainKind([...at, ...path], written, kinds)];
    }
    return explain(issue, { schema: place.schema, path: [...at, ...path], written });
  });
}

interface Place {
  readonly path: Path;
  readonly written: unknown;
  readonly schema: z.core.$ZodType | undefined;
}

function explain(issue: z.core.$ZodIssue, { path, written, schema }: Place): readonly Finding[] {
  if (issue.code === "unrecognized_keys") {
    const known = (schema && keysOf(schema, written)) ?? [];
    return issue.keys.map((key) => unknownKey([...path, key], key, known));
  }
  if (issue.code === "invalid_key") {
    return [{ path, mark: "key", message: issue.issues[0]?.message ?? issue.message }];
  }
  const described = schema && metaOf(schema).description;
  if (written === undefined) return [{ path, message: "is missing", ...(described ? { hint: described } : {}) }];
  if (issue.code === "invalid_union" && schema) return explainUnion(issue, { path, written, schema });
  if (issue.code === "invalid_value" && typeof written === "string") {
    const near = closest(written, issue.values.map(String));
    return [{ path, message: issue.message, ...(near === null ? {} : { hint: `did you mean "${near}"?` }) }];
  }
  if (issue.code === "invalid_type" && issue.expected === "string" && typeof written !== "object") {
    // As a text it may still be none that is meant here: 26 is no duration in quotation marks either.
    const asText = schema && safeParse(schema, String(written));
    const [deeper] = asText?.error?.issues ?? [];
    if (deeper !== undefined) return [{ path, message: deeper.message }];
    return [{ path, message: issue.message, hint: "put it into quotation marks" }];
  }
  return [{ path, message: issue.message }];
}

function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  { path, written, schema }: Place & { readonly schema: z.core.$ZodType },
): readonly Finding[] {
  const { def } = coreOf(schema)._zod;
  const options: readonly z.core.$ZodType[] = def.type === "union" ? def.options : [];
  const chosen = optionFor(options, written);
  const option = chosen === undefined ? undefined : options[chosen];
  const issues = chosen === undefined ? undefined : issue.errors[chosen];
  if (option && issues) return findingsOf(issues, option, written, path);
  if (typeof written !== "object" && options.some((candidate) => coreOf(candidate)._zod.def.type === "string")) {
    return [{ path, message: `must be a text, not ${kindOf(written)}`, hint: "put it into quotation marks" }];
  }
  const described = metaOf(schema).description;
  return [{ path, message: `cannot be ${kindOf(written)}`, ...(described ? { hint: described } : {}) }];
}

/** The key that says which kind of thing it is (`type: s3`) is missing or wrong. */
function explainKind(path: Path, written: unknown, values: readonly string[]): Finding {
  if (written === undefined) return { path, message: "is missing", hint: `write ${alternatives(values)}` };
  const near = typeof written === "string" ? closest(written, values) : null;
  return {
    path,
    message: `must be ${alternatives(values)}`,
    ...(near === null ? {} : { hint: `did you mean "${near}"?` }),
  };
}

export function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  return {
    path,
    mark: "key",
    message: `unknown key ${quote(key)}`,
    hint: suggest(key, known, "nothing can be set here"),
  };
}

/** Where a path leads in a schema; `secretAt`: how many steps along it a secret is expected. */
function descend(root: z.core.$ZodType, value: unknown, path: Path) {
  let schema: z.core.$ZodType | undefined = root;
  let current = value;
  for (let depth = 0; ; depth += 1) {
    if (schema && expectsSecret(schema, current)) return { schema, value: current, secretAt: depth };
    const part = path[depth];
    if (part === undefined) return { schema, value: current, secretAt: null };
    schema = schema && childOf(schema, part, current);
    current = valueAt(current, [part]);
  }
}

function expectsSecret(schema: z.core.$ZodType, value: unknown): boolean {
  if (value === undefined) return false;
  if (isSchema(schema, secretReference)) return true;
  const { def } = coreOf(schema)._zod;
  return (
    def.type === "union" && typeof value === "object" && def.options.some((option) => isSchema(option, secretReference))
  );
}

function secretFinding(path: Path, value: unknown): Finding {
  if (value === null) return { path, message: "is missing", hint: metaOf(secretReference).description ?? "" };
  if (typeof value !== "object" || Array.isArray(value)) return { path, ...literalSecret };
  const sources = ["file", "credential", "environment"];
  const named = Object.keys(value).filter((key) => sources.includes(key));
  const hint = "write one of {file: /path}, {credential: NAME}, {environment: NAME}";
  if (named.length !== 1 || Object.keys(value).length !== 1) {
    return { path, message: `a secret is read from exactly one of ${alternatives(sources)}`, hint };
  }
  const wrong =
    named[0] === "file" ? "the file of a secret must be an absolute path" : `this is no name of a ${named[0]}`;
  return { path: [...path, named[0] ?? ""], message: named[0] === "environment" ? `${wrong} variable` : wrong, hint };
}
