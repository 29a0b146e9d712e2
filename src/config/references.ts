import { StepError } from "../model/run/outcome.ts";
import { isMap, type Path } from "./path.ts";

/** `${host}`, or `${scope.field}` where the scope is `run` or the id of an earlier step. */
export interface Reference {
  readonly scope: string;
  /** Null only for `${host}`. */
  readonly field: string | null;
}

/** Fields of `${run.…}`. */
export const runFields = ["id", "job", "timestamp"] as const;
/** What no step may call itself. */
export const reservedScopes: readonly string[] = ["host", "run"];

/** A text cut into what stands for itself, what refers to something, and what only looks like it. */
export type Piece = string | Reference | { readonly malformed: string };

const notation = /\$\$\{|\$\{([^}]*)(\}?)/g;
const inside = /^(?:(host)|([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*))$/i;

/** `$${` stands for `${` itself; a `$` without a brace has no meaning of its own. */
export function piecesOf(text: string): readonly Piece[] {
  if (!text.includes("${")) return [text];
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(notation)) {
    if (match.index > end) pieces.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    pieces.push(match[1] === undefined ? "${" : pieceInside(match[0], match[1], match[2] === "}"));
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}

function pieceInside(text: string, content: string, closed: boolean): Piece {
  const parts = closed ? inside.exec(content) : null;
  if (!parts) return { malformed: text };
  return parts[1] === undefined ? { scope: parts[2] ?? "", field: parts[3] ?? null } : { scope: "host", field: null };
}

export function isReference(piece: Piece): piece is Reference {
  return typeof piece !== "string" && "scope" in piece;
}

export function writeReference({ scope, field }: Reference): string {
  return field === null ? `\${${scope}}` : `\${${scope}.${field}}`;
}

/**
 * The same data with every reference replaced, at any depth. A text that is nothing but one reference takes the value with its type,
 * otherwise the value is written into the text. Keys are left alone.
 */
export function replaceReferences(
  data: unknown,
  standIn: (reference: Reference, path: Path) => unknown,
  path: Path = [],
): unknown {
  if (typeof data === "string") return replaceInText(data, (reference) => standIn(reference, path));
  if (Array.isArray(data)) return data.map((item, index) => replaceReferences(item, standIn, [...path, index]));
  if (!isMap(data)) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, replaceReferences(value, standIn, [...path, key])]),
  );
}

function replaceInText(text: string, standIn: (reference: Reference) => unknown): unknown {
  const pieces = piecesOf(text);
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && isReference(only)) return standIn(only);
  return pieces
    .map((piece) => {
      if (typeof piece === "string") return piece;
      return isReference(piece) ? String(standIn(piece)) : piece.malformed;
    })
    .join("");
}

/** The steps, `run` and `host`, that any text of the data refers to. */
export function scopesIn(data: unknown): ReadonlySet<string> {
  const scopes = new Set<string>();
  replaceReferences(data, ({ scope }) => {
    scopes.add(scope);
    return "";
  });
  return scopes;
}

/**
 * The options of a step with what its references stand for in this run. The loader has checked that they can be resolved; give the
 * result to the runner's schema again.
 * @param values what the steps so far have left behind, by step id, and `run: { id, job, timestamp }`
 * @throws StepError `source` when an earlier step left no such value: it was optional and failed
 */
export function resolveReferences<T>(
  options: T,
  values: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  host: string,
): T {
  return replaceReferences(options, (reference) => {
    if (reference.field === null) return host;
    const fields = Object.hasOwn(values, reference.scope) ? values[reference.scope] : undefined;
    const value = fields && Object.hasOwn(fields, reference.field) ? fields[reference.field] : undefined;
    if (value !== undefined && value !== null) return value;
    throw new StepError(
      "source",
      `${writeReference(reference)} has no value: step ${reference.scope} left no ${reference.field}`,
      {
        advice: `see how step ${reference.scope} of this run ended`,
      },
    );
  }) as T;
}
