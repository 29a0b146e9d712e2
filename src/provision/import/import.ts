import type { JsonValue } from "../../model/measurement.ts";
import { StepError } from "../../model/run/outcome.ts";
import { differencesOf } from "../difference.ts";
import { formOf } from "../forms.ts";
import { type Body, isBody, type Kind, type Resource } from "../resource.ts";
import { serialise } from "../targets/datadog.ts";
import type { Importable } from "./importable.ts";

/** A resource somewhere, before anybody knows whether it can be ours. */
export interface Candidate {
  /** Where it was found, for messages. */
  readonly place: string;
  readonly body: Body;
  /** What its reader did not understand. */
  readonly problems: readonly string[];
}

export interface Imported {
  /** Of its name, or that which it carries already. */
  readonly id: string;
  /** What Datadog knows it by; null: the export does not say. */
  readonly adopts: string | null;
  /** Complete, as it is sent. */
  readonly body: Body;
  /** What is not part of the definition and stays as it is in Datadog. */
  readonly left: readonly string[];
}

export type ImportResult = Imported | { readonly reasons: readonly string[] };

/** No resource of Datadog is nested so deep; what is would only exhaust the stack of who reads it. */
const deepest = 64;

/**
 * Turns what exists into a definition that does the same, or says why it cannot.
 * @param as its id, instead of one made of its name
 */
export async function importOne(
  importable: Importable,
  { body, problems }: Candidate,
  as?: string,
): Promise<ImportResult> {
  const { kind, title, ownPart, restOf } = importable;
  const strange = problems.length > 0 ? problems : isDeep(body) ? [tooDeep] : importable.shapeProblems(body);
  if (strange.length > 0) return { reasons: strange };
  const { identity, normal } = formOf(kind);
  const id = as ?? identity.read(body)?.id ?? slugOf(String(body[title]));
  if (id === "") return { reasons: [`its ${title} has no letter or digit to make an id of: choose one with --as ID`] };
  const own = ownPart(body);
  const { left, lost } = restOf(body);
  const resource: Resource = { kind, id, needs: [], body: own };
  const reasons = [
    ...lost.map((path) => `${path} is not known here, and the first update would drop it`),
    ...(await clientProblems(kind, own)),
    ...importable.problems(resource).map(([message, advice]) => `${message} – ${advice}`),
    ...differencesOf(normal(identity.remove(body)), normal(own)).map(({ path }) => `${path} would change by it`),
  ];
  if (reasons.length > 0) return { reasons };
  return { id, adopts: adoptedBy(importable, body), body: own, left };
}

/** `[prod] Disk is full: {{host.name}}` → `prod-disk-is-full-host-name`. Empty when nothing is left. */
export function slugOf(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}+/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 80)
    .replaceAll(/^-+|-+$/g, "");
}

/** What Datadog knows a body by; null: it does not say. */
export function adoptedBy({ remoteId }: Importable, { id }: Body): string | null {
  return (typeof id === "number" || typeof id === "string") && remoteId.test(String(id)) ? String(id) : null;
}

const tooDeep = `it is nested more than ${deepest} levels deep: export it anew`;

function isDeep(value: JsonValue, level = 0): boolean {
  if (level > deepest) return true;
  if (Array.isArray(value)) return value.some((item) => isDeep(item, level + 1));
  return isBody(value) && Object.values(value).some((inside) => isDeep(inside, level + 1));
}

async function clientProblems(kind: Kind, body: Body): Promise<readonly string[]> {
  try {
    await serialise(kind, body);
    return [];
  } catch (error) {
    if (error instanceof StepError && error.reason === "config") return [error.message.replace(/^\w+: /, "")];
    throw error;
  }
}
