import type { JsonValue } from "../../model/measurement.ts";
import { type Body, isBody, type Resource } from "../resource.ts";

export type ImportedKind = "monitor" | "dashboard";

/** What import has to know about a kind of resource. */
export interface Importable {
  readonly kind: ImportedKind;
  /** The command: `monitors`. */
  readonly word: string;
  /** The field that says what it is called. */
  readonly title: "name" | "title";
  /** How the API knows it: the number of a monitor, the three words of a dashboard. */
  readonly remoteId: RegExp;
  /** The same for a person: `the monitor's number`. */
  readonly remoteIdWords: string;
  /** How one comes to an export, for who has given none. */
  readonly exporting: string;
  /** Why a body is none of its kind, or not a whole one. */
  readonly shapeProblems: (body: Body) => readonly string[];
  /** What becomes the definition. */
  readonly ownPart: (body: Body) => Body;
  readonly restOf: (body: Body) => Rest;
  /** What can be known to be wrong with it. */
  readonly problems: (resource: Resource) => readonly (readonly [message: string, advice: string])[];
}

/** What a definition does not hold. */
export interface Rest {
  /** Stays in Datadog as it is. */
  readonly left: readonly string[];
  /** The first update would drop it. */
  readonly lost: readonly string[];
}

/** Fields of a body that say something and are neither known nor the server's own. */
export function unknownIn(
  from: Body,
  known: Readonly<Record<string, unknown>>,
  aside: ReadonlySet<string>,
): readonly string[] {
  return Object.keys(from).filter(
    (name) => !Object.hasOwn(known, name) && !aside.has(name) && !isEmpty(from[name]) && from[name] !== false,
  );
}

/** The known fields of a body that say something. */
export function said(from: Body, known: Readonly<Record<string, unknown>>): Body {
  return Object.fromEntries(
    Object.keys(known)
      .filter((name) => !isEmpty(from[name]))
      .map((name) => [name, from[name] as JsonValue]),
  );
}

export function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isBody(value) && Object.keys(value).length === 0;
}
