import { StepError } from "../model/run/outcome.ts";
import { formOf } from "./forms.ts";
import type { Mark, Owned } from "./identity.ts";
import type { Planned } from "./plan.ts";
import { type Body, type Kind, kinds, nameOf, type RemoteResource, type Resource } from "./resource.ts";
import type { Target } from "./target.ts";

/** What becomes of one that has the title of a new one and nobody's mark: it is ours from now on, or a second one is made. */
export const unmarkedChoices = ["adopt", "beside"] as const;
export type UnmarkedChoice = (typeof unmarkedChoices)[number];

interface Twins {
  readonly resource: Resource;
  readonly found: readonly RemoteResource[];
}

/**
 * Looks for what has lost its mark: without this, whoever empties a description gets a second dashboard by the next sync.
 * @param choice null: somebody has to say what it is
 * @returns what becomes ours
 * @throws StepError `config` for each that nobody has decided about, with its remote ids as evidence
 */
export async function adoptedUnmarked(
  planned: Planned,
  target: Pick<Target, "titled" | "find">,
  choice: UnmarkedChoice | null,
): Promise<readonly Owned[]> {
  if (choice === "beside") return [];
  const twins = await twinsOf(planned, target);
  const { stack } = planned.plan;
  const undecided = twins.filter(({ found }) => choice === null || found.length > 1);
  if (undecided.length > 0) throw refusal(undecided, stack, choice);
  const adopted = twins.map(async ({ resource: { kind, id }, found }): Promise<readonly Owned[]> => {
    // A listing may have told only a part of it.
    const there = await target.find(kind, (found[0] as RemoteResource).remoteId);
    return there === null ? [] : [{ ...there, mark: { stack, id, applied: null }, isAdopted: true }];
  });
  return (await Promise.all(adopted)).flat();
}

/** What a person does to make one ours again, in words. */
export function markWords(kind: Kind, { stack, id }: Pick<Mark, "stack" | "id">): string {
  const body = formOf(kind).identity.write({}, { stack, id, applied: null });
  return Array.isArray(body["tags"])
    ? `give it back its tags ${body["tags"].join(", ")}`
    : `write this as the last line of its description: ${String(body["description"])}`;
}

async function twinsOf({ plan, desired }: Planned, target: Pick<Target, "titled">): Promise<readonly Twins[]> {
  const created = new Set(plan.steps.filter(({ action }) => action === "create").map(nameOf));
  const all: Twins[] = [];
  for (const kind of kinds) {
    const wanted = desired.filter((resource) => resource.kind === kind && created.has(nameOf(resource)));
    if (wanted.length === 0) continue;
    const titles = new Set(wanted.flatMap(({ body }) => titleOf(body) ?? []));
    const nobodys = (await target.titled(kind, titles)).filter(({ body }) => !isSomebodys(kind, body));
    for (const resource of wanted) {
      const found = nobodys.filter(({ body }) => titleOf(body) === titleOf(resource.body));
      if (found.length > 0) all.push({ resource, found });
    }
  }
  return all;
}

const titleOf = ({ title, name = null }: Body): string | null => {
  const text = title ?? name;
  return typeof text === "string" ? text : null;
};

/** Ours, or of another tool that says so in the same way. */
function isSomebodys(kind: Kind, body: Body): boolean {
  if (formOf(kind).identity.read(body) !== null) return true;
  const { tags, description } = body;
  const words = Array.isArray(tags) ? tags.map(String) : String(description ?? "").split(/\s+/);
  return words.some((word) => word.startsWith("managed_by:") && word !== "managed_by:pantheros");
}

function refusal(twins: readonly Twins[], stack: string, choice: UnmarkedChoice | null): StepError {
  const lines = twins.map(({ resource: { kind, id, body }, found }) => {
    const ids = found.map(({ remoteId }) => remoteId).join(" and ");
    const which = found.length === 1 ? "it is" : "one of them is";
    return `  ${nameOf({ kind, id })}: ${ids} ${found.length === 1 ? "has" : "have"} its title (${titleOf(body)}) and nobody's mark – if ${which} ours: ${markWords(kind, { stack, id })}`;
  });
  const what = twins.length === 1 ? "one resource" : `${twins.length} resources`;
  const adopt = choice === "adopt" ? "only one of a title can be adopted" : "all at once: --unmarked adopt";
  return new StepError(
    "config",
    [`${what} may be there without a mark, and would be made twice; nothing has been written`, ...lines].join("\n"),
    {
      advice: `put the marks back (${adopt}), or delete or rename what is not needed; if it is somebody else's and stays: --unmarked beside`,
      evidence: {
        unmarked: twins.flatMap(({ resource: { kind, id }, found }) =>
          found.map(({ remoteId }) => ({ kind, id, remoteId })),
        ),
      },
    },
  );
}
