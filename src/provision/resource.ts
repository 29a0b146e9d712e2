import type { JsonValue } from "../model/measurement.ts";

/** What can be provisioned, in the order in which it is created: later ones may name earlier ones. */
export const kinds = ["metric", "monitor", "slo", "dashboard", "downtime"] as const;
export type Kind = (typeof kinds)[number];

/** JSON as the API takes it and gives it. */
export type Body = Readonly<Record<string, JsonValue>>;

/** What shall be there. */
export interface Resource {
  readonly kind: Kind;
  /** Its name among all of the stack, which is what the remote one is known by: whoever changes it says what it was, see `formerly`. */
  readonly id: string;
  /** Ids of those that its body names as `{{id}}`: they must exist before it. */
  readonly needs: readonly string[];
  readonly body: Body;
  /** Where a person changes it, for messages. */
  readonly file?: string;
  /** The remote id of one that nobody owns yet and that this definition describes: it becomes ours instead of being made anew. */
  readonly adopts?: string;
  /** Ids that it had before: what is there under one of them is it, and gets its new id. */
  readonly formerly?: readonly string[];
}

/** What is there. */
export interface RemoteResource {
  readonly kind: Kind;
  /** What the API knows it by. */
  readonly remoteId: string;
  /** As the API tells it: compared, never read. */
  readonly modified: string;
  readonly body: Body;
}

/** `monitor disk-usage`, as messages name it. */
export function nameOf({ kind, id }: Pick<Resource, "kind" | "id">): string {
  return `${kind} ${id}`;
}

export function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The body with what it names as `{{id}}` in place; those that do not exist yet stay as they are. */
export function resolveNeeds({ needs, body }: Resource, remoteIds: ReadonlyMap<string, string>): Body {
  return needs.length === 0 ? body : (resolveIn(body, needs, remoteIds) as Body);
}

/** Whether everything that it names exists. */
export function isResolved({ needs }: Resource, remoteIds: ReadonlyMap<string, string>): boolean {
  return needs.every((id) => remoteIds.has(id));
}

function resolveIn(value: JsonValue, needs: readonly string[], remoteIds: ReadonlyMap<string, string>): JsonValue {
  if (typeof value === "string") {
    return needs.reduce((text, id) => text.replaceAll(`{{${id}}}`, remoteIds.get(id) ?? `{{${id}}}`), value);
  }
  if (Array.isArray(value)) return value.map((item) => resolveIn(item, needs, remoteIds));
  if (!isBody(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, resolveIn(inside, needs, remoteIds)]));
}
