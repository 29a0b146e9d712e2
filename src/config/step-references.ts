import * as z from "zod";
import { suggest } from "./closest.ts";
import { stepId } from "./declaration.ts";
import type { Finding } from "./finding.ts";
import { type Path, quote, writePath } from "./path.ts";
import { isReference, piecesOf, type Reference, reservedScopes, runFields, writeReference } from "./references.ts";
import { coreOf, metaOf, visitValues } from "./schema-tree.ts";

export interface EarlierStep {
  readonly id: string;
  /** Null: its runner is unknown, which is reported elsewhere. */
  readonly produces: z.ZodObject | null;
}

interface Place {
  readonly job: string;
  /** All steps of the job as written. */
  readonly steps: unknown;
  readonly position: number;
  readonly earlier: readonly EarlierStep[];
  readonly path: Path;
}

/** Two values that a reference may have: where only its type is known, a text may be a path or a name. */
export type Plausible = (reference: Reference) => readonly [asPath: unknown, asName: unknown];

const anyText = ["/reference", "reference"] as const;
const anyTimestamp = "20260102T030405Z";

/** Checks that every reference in a step's options can be resolved when the step's turn comes. */
export function checkReferences(options: unknown, schema: z.ZodObject, place: Place) {
  const findings: Finding[] = [];
  const paths = new Set<string>();
  const values = new Map<string, readonly [unknown, unknown]>();
  const report = (at: Path, problem: Pick<Finding, "message" | "hint">) => {
    const path = [...place.path, ...at];
    paths.add(writePath(path));
    findings.push({ path, ...problem });
  };
  visitTexts(options, (text, at) => {
    for (const piece of piecesOf(text)) {
      if (typeof piece === "string") continue;
      if (!isReference(piece)) report(at, malformed(piece.malformed));
      else {
        const resolved = resolve(piece, place);
        if ("message" in resolved) report(at, resolved);
        else values.set(writeReference(piece), resolved.values);
      }
    }
  });
  visitValues(schema, options, (value, part, at) => {
    const section = metaOf(part).refersTo;
    if (section === undefined || typeof value !== "string" || !value.includes("${")) return undefined;
    report(at, { message: "a name has to be written out here", hint: `name one of the ${section}` });
    return false;
  });
  return { findings, paths, plausible: (reference: Reference) => values.get(writeReference(reference)) ?? anyText };
}

/** Shows every text in a piece of data. */
export function visitTexts(data: unknown, visit: (text: string, path: Path) => void, path: Path = []): void {
  if (typeof data === "string") visit(data, path);
  else if (typeof data === "object" && data !== null) {
    const parts = Array.isArray(data) ? data.entries() : Object.entries(data);
    for (const [part, value] of parts) visitTexts(value, visit, [...path, part]);
  }
}

function malformed(text: string): Pick<Finding, "message" | "hint"> {
  const hint = "write ${id.field}, ${run.timestamp}, ${run.id}, ${run.job} or ${host}; $${ stands for ${ itself";
  return { message: `${quote(text)} is not a reference`, hint };
}

type Resolved = { readonly values: readonly [unknown, unknown] } | { readonly message: string; readonly hint?: string };

function resolve({ scope, field }: Reference, place: Place): Resolved {
  if (field === null) return { values: [anyText[1], anyText[1]] };
  if (scope === "run") {
    const value = { id: `${anyTimestamp}-0000`, job: place.job, timestamp: anyTimestamp }[field];
    return value === undefined ? noField("a run", field, runFields) : { values: [value, value] };
  }
  const step = place.earlier.findLast((candidate) => candidate.id === scope);
  if (!step) return noStep(scope, place);
  if (step.produces === null) return { values: anyText };
  const schema: z.core.$ZodType | undefined = Object.hasOwn(step.produces.shape, field)
    ? step.produces.shape[field]
    : undefined;
  if (!schema) return noField(`step ${scope}`, field, Object.keys(step.produces.shape));
  return (
    plausibleOf(schema) ?? {
      message: `${scope}.${field} is neither text, number nor boolean and cannot be referred to`,
    }
  );
}

function noField(owner: string, field: string, fields: readonly string[]): Resolved {
  return { message: `${owner} has no field ${quote(field)}`, hint: suggest(field, fields, "it has no fields at all") };
}

function noStep(scope: string, { steps, position, earlier }: Place): Resolved {
  const ids = (Array.isArray(steps) ? steps : []).map((step, index) => stepId(step ?? {}, index));
  const at = ids.indexOf(scope);
  if (at === position) return { message: `step ${scope} refers to itself`, hint: "refer to an earlier step" };
  if (at > position) return { message: `step ${scope} comes later`, hint: "put it before this one" };
  const scopes = [...earlier.map(({ id }) => id), ...reservedScopes];
  return { message: `there is no step ${quote(scope)} before this one`, hint: suggest(scope, scopes, "") };
}

function plausibleOf(schema: z.core.$ZodType): Resolved | null {
  const core = coreOf(schema);
  const { def } = core._zod;
  if (def.type === "number") return { values: [1, 1] };
  if (def.type === "boolean") return { values: [true, true] };
  if (def.type === "enum") return { values: [Object.values(def.entries)[0], Object.values(def.entries)[0]] };
  if (def.type !== "string") return null;
  const accepted: unknown[] = anyText.filter((text) => z.safeParse(core, text).success);
  const [first = exampleOf(schema), second = first] = accepted;
  return { values: [first, second] };
}

function exampleOf(schema: z.core.$ZodType): unknown {
  const { examples } = metaOf(schema);
  return Array.isArray(examples) ? examples[0] : anyText[1];
}
