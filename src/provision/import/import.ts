import type { JsonValue } from "../../model/measurement.ts";
import { StepError } from "../../model/outcome.ts";
import { monitorFields, normalMonitor } from "../datadog/monitor-form.ts";
import { monitorProblems } from "../datadog/monitor-rules.ts";
import { differencesOf } from "../difference.ts";
import { byTags, isMarkOf } from "../identity.ts";
import { type Body, isBody, type Resource } from "../resource.ts";
import { serialise } from "../targets/datadog.ts";

/** A monitor somewhere, before anybody knows whether it can be ours. */
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

/** What the server says about a monitor, and takes from nobody. */
const told = new Set(
  [
    ["id", "org_id", "created", "created_at", "creator", "modified", "deleted", "multi", "matching_downtimes"],
    ["overall_state", "overall_state_modified", "state", "restricted", "run_as", "classification"],
  ].flat(),
);
/** The same among the options. */
const toldOptions = new Set(["avalanche_window"]);

/**
 * Turns a monitor into a definition that does the same, or says why it cannot.
 * @param as its id, instead of one made of its name
 */
export async function importMonitor({ body, problems }: Candidate, as?: string): Promise<ImportResult> {
  const strange = problems.length > 0 ? problems : shapeProblems(body);
  if (strange.length > 0) return { reasons: strange };
  const id = as ?? byTags.read(body)?.id ?? slugOf(String(body["name"]));
  if (id === "") return { reasons: ["its name has no letter or digit to make an id of: choose one with --as ID"] };
  const own = ownPart(body);
  const { left, lost } = restOf(body);
  const resource: Resource = { kind: "monitor", id, needs: [], body: own };
  const reasons = [
    ...lost.map((path) => `${path} is not known here, and the first update would drop it`),
    ...(await clientProblems(own)),
    ...monitorProblems(resource, []).map(([message, advice]) => `${message} – ${advice}`),
    ...differencesOf(normalMonitor(body), normalMonitor({ ...own, tags: body["tags"] ?? [] })).map(
      ({ path }) => `${path} would change by it`,
    ),
  ];
  if (reasons.length > 0) return { reasons };
  return { id, adopts: Number.isInteger(body["id"]) ? String(body["id"]) : null, body: own, left };
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

function shapeProblems(body: Body): readonly string[] {
  const { name, type, query, options, message, deleted, id } = body;
  if (typeof name !== "string" || typeof type !== "string" || typeof query !== "string")
    return ["it is no monitor: name, type and query are not all there"];
  if (options === undefined && message === undefined) {
    const how = typeof id === "number" ? ` --id ${id}` : " by --id";
    return [`it is a result of a search, without message and options: import it whole with${how}`];
  }
  if (typeof deleted === "string") return ["it is deleted: nothing is there that could be ours"];
  return [];
}

/** Fields of the table; null says nothing. */
function ownPart(body: Body): Body {
  const said = (from: Body, names: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(
      Object.keys(names)
        .filter((name) => !isEmpty(from[name]))
        .map((name) => [name, from[name] as JsonValue]),
    );
  const { options, tags } = body;
  return {
    ...said(body, monitorFields),
    ...(Array.isArray(tags) ? { tags: tags.filter((tag) => typeof tag !== "string" || !isMarkOf(tag)) } : {}),
    options: said(isBody(options) ? options : {}, monitorFields["options"]?.fields ?? {}),
  };
}

/** What the table does not know: an update leaves fields as they are, but replaces the options as a whole. */
function restOf(body: Body): { readonly left: readonly string[]; readonly lost: readonly string[] } {
  const options = isBody(body["options"]) ? body["options"] : {};
  const unknown = (from: Body, known: Readonly<Record<string, unknown>>, aside: ReadonlySet<string>) =>
    Object.keys(from).filter(
      (name) => !Object.hasOwn(known, name) && !aside.has(name) && !isEmpty(from[name]) && from[name] !== false,
    );
  const { silenced } = options;
  const mutedBy = isBody(silenced) && Object.keys(silenced).length > 0 ? ["options.silenced (who has muted it)"] : [];
  const inOptions = unknown(options, monitorFields["options"]?.fields ?? {}, toldOptions);
  return {
    left: [...unknown(body, monitorFields, told), ...mutedBy],
    lost: inOptions.filter((name) => name !== "silenced").map((name) => `options.${name}`),
  };
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isBody(value) && Object.keys(value).length === 0;
}

async function clientProblems(body: Body): Promise<readonly string[]> {
  try {
    await serialise("monitor", body);
    return [];
  } catch (error) {
    if (error instanceof StepError && error.reason === "config") return [error.message.replace(/^monitor: /, "")];
    throw error;
  }
}
