import { StepError } from "../model/run/outcome.ts";
import { chosen } from "./choice.ts";
import { type Difference, differencesOf } from "./difference.ts";
import { comparedForm, formOf } from "./forms.ts";
import { hashOf } from "./hash.ts";
import { appliedHash, type Owned, ownedBy } from "./identity.ts";
import { refuseOthers } from "./installation.ts";
import { underNewIds } from "./renaming.ts";
import { type Body, type Kind, nameOf, type RemoteResource, type Resource, resolveNeeds } from "./resource.ts";

export const planActions = ["create", "update", "delete", "orphan", "unchanged"] as const;
/** `orphan`: ours, but no longer defined; only `prune` deletes it. */
export type PlanAction = (typeof planActions)[number];

/**
 * Who has changed something since we applied it last; `unknown`: an older version or nobody has left word; `adopted`: it was not ours so far.
 */
export type Origin = "code" | "remote" | "both" | "unknown" | "adopted";

export interface PlanStep {
  readonly kind: Kind;
  readonly id: string;
  readonly action: PlanAction;
  /** Of an update only. */
  readonly origin: Origin | null;
  readonly differences: readonly Difference[];
  /** Null: it does not exist yet. */
  readonly remoteId: string | null;
  readonly file: string | null;
  /** Of an orphan: the new resource that does the same, so that it is rather a new id than a new resource. */
  readonly renamedTo: string | null;
}

/** What has to be done, as a value: nothing is written while it is made. */
export interface Plan {
  readonly stack: string;
  /** Who provisions it; null: they have no name, and others of the same stack are not noticed. */
  readonly installation: string | null;
  /** Where the remote side is. */
  readonly place: string;
  /** Whose keys they were; null: nothing of ours is there that would tell. */
  readonly organization: string | null;
  /** The ids that were looked at; null: all. */
  readonly only: readonly string[] | null;
  readonly steps: readonly PlanStep[];
  /** What it was made from, by resource; see `stalenessOf`. */
  readonly basis: Basis;
}

export interface Basis {
  readonly desired: Readonly<Record<string, string>>;
  readonly remote: Readonly<Record<string, string>>;
}

export interface PlanInput {
  readonly stack: string;
  /** @default null */
  readonly installation?: string | null;
  readonly place: string;
  readonly desired: readonly Resource[];
  /** Everything of the planned kinds that is there, a complete listing. */
  readonly remote: readonly RemoteResource[];
  /** What does not carry our mark yet and shall. @default nothing */
  readonly adopted?: readonly Owned[];
  /** Ids that are looked at, with what they need. @default all */
  readonly only?: readonly string[];
  /** Whether what is no longer defined shall go. */
  readonly prune?: boolean;
}

export interface Planned {
  readonly plan: Plan;
  readonly owned: ReadonlyMap<string, Owned>;
  /** What has to be there, of those that are looked at. */
  readonly desired: readonly Resource[];
}

/** @throws StepError `config` when two remote resources are one of ours, another installation has the same stack, or what is asked for is not defined */
export function makePlan(input: PlanInput): Planned {
  const { stack, installation = null, place, prune = false } = input;
  const ours = new Map([
    ...(input.adopted ?? []).map((one) => [nameOf({ kind: one.kind, id: one.mark.id }), one] as const),
    ...ownedBy(stack, input.remote, (kind) => formOf(kind).identity),
  ]);
  refuseOthers(ours.values(), stack, installation);
  const owned = underNewIds(ours, input.desired);
  const desired = chosen(input.desired, input.only);
  const remoteIds = remoteIdsOf({ desired, owned });
  const owner = { stack, installation };
  const steps = desired.map((resource) => stepFor(resource, owned.get(nameOf(resource)), owner, remoteIds));
  const defined = new Set(input.desired.map(nameOf));
  const orphans = input.only === undefined ? [...owned].filter(([key]) => !defined.has(key)) : [];
  const created = desired.filter((_, index) => steps[index]?.action === "create");
  return {
    owned,
    desired,
    plan: {
      stack,
      installation,
      place,
      organization: organizationOf(owned.values()),
      only: input.only ?? null,
      steps: [...steps, ...orphans.map(([, orphan]) => orphanStep(orphan, prune, created))],
      basis: {
        desired: Object.fromEntries(desired.map((resource) => [nameOf(resource), hashOf(resource.body)])),
        remote: Object.fromEntries([...owned].map(([key, { remoteId, modified }]) => [key, `${remoteId} ${modified}`])),
      },
    },
  };
}

/** Whether anything is left to do. */
export function isPending({ steps }: Plan): boolean {
  return steps.some(({ action }) => action !== "unchanged" && action !== "orphan");
}

/** Ids of what is there and defined, as bodies name them; what is no longer defined may be of another kind under the same id. */
export function remoteIdsOf({ desired, owned }: Pick<Planned, "desired" | "owned">): ReadonlyMap<string, string> {
  return new Map(
    desired.flatMap((resource) => {
      const remoteId = owned.get(nameOf(resource))?.remoteId;
      return remoteId === undefined ? [] : [[resource.id, remoteId] as const];
    }),
  );
}

/** Whose a resource is. */
export type Owner = Pick<Plan, "stack" | "installation">;

function organizationOf(owned: Iterable<Owned>): string | null {
  for (const { body } of owned) if (body["org_id"] !== undefined) return String(body["org_id"]);
  return null;
}

/** The resource as it is sent: references resolved, marked as ours. */
export function markedBody(
  resource: Resource,
  { stack, installation }: Owner,
  remoteIds: ReadonlyMap<string, string>,
): Body {
  const { identity, settle = (body) => body } = formOf(resource.kind);
  const mark = { stack, id: resource.id, installation };
  const body = identity.write(settle(resolveNeeds(resource, remoteIds)), { ...mark, applied: null });
  const applied = appliedHash(comparedForm(resource.kind, body));
  return identity.write(body, { ...mark, applied });
}

function stepFor(
  resource: Resource,
  existing: Owned | undefined,
  owner: Owner,
  remoteIds: ReadonlyMap<string, string>,
): PlanStep {
  const { kind, id, file = null } = resource;
  const wanted = comparedForm(kind, markedBody(resource, owner, remoteIds));
  const common = { kind, id, file, renamedTo: null };
  if (existing === undefined) {
    return { ...common, action: "create", origin: null, differences: differencesOf({}, wanted), remoteId: null };
  }
  const found = comparedForm(kind, existing.body);
  const differences = differencesOf(found, wanted);
  const { remoteId, mark } = existing;
  if (differences.length === 0) return { ...common, action: "unchanged", origin: null, differences, remoteId };
  refuseFixed(resource, remoteId, differences);
  const isAdopted = existing.isAdopted === true;
  const origin = isAdopted ? "adopted" : originOf(mark.applied, appliedHash(found), appliedHash(wanted));
  return { ...common, action: "update", origin, differences, remoteId };
}

/** Datadog says no to each sync, and nothing that can be done in the definition but another id would mend it. */
function refuseFixed({ kind, id }: Resource, remoteId: string, differences: readonly Difference[]): void {
  const fixed = differences.find(({ path }) => formOf(kind).fixed?.includes(path) === true);
  if (fixed === undefined) return;
  throw new StepError(
    "config",
    `${nameOf({ kind, id })} (${remoteId}) is of another ${fixed.path} there, which cannot be changed`,
    { advice: `delete ${remoteId} in Datadog, which ends its history, then sync; or give the definition another id` },
  );
}

function originOf(applied: string | null, found: string, wanted: string): Origin {
  if (applied === null) return "unknown";
  if (applied === found) return "code";
  return applied === wanted ? "remote" : "both";
}

function orphanStep({ kind, mark, remoteId, body }: Owned, prune: boolean, created: readonly Resource[]): PlanStep {
  const { name, title = name } = comparedForm(kind, body);
  const isTwin = (resource: Resource) => {
    const own = comparedForm(kind, resource.body);
    return title !== undefined && (own["title"] ?? own["name"]) === title;
  };
  const twin = created.find((resource) => resource.kind === kind && isTwin(resource));
  const renamedTo = twin?.id ?? null;
  const action = prune ? "delete" : "orphan";
  return { kind, id: mark.id, action, origin: null, differences: [], remoteId, file: null, renamedTo };
}
