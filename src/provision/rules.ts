import { monitorProblems } from "./datadog/monitor-rules.ts";
import { type Finding, findingsOf } from "./finding.ts";
import type { Kind, Resource } from "./resource.ts";

/** What is wrong with one resource among all of its stack. */
type Rule = (
  resource: Resource,
  needed: readonly Resource[],
) => readonly (readonly [message: string, advice: string])[];

const rules: Partial<Record<Kind, Rule>> = { monitor: monitorProblems };

/** Everything that is wrong with the definitions of a stack, without asking anybody. */
export function checkResources(all: readonly Resource[]): readonly Finding[] {
  const byId = Map.groupBy(all, ({ id }) => id);
  return all.flatMap((resource) => {
    const needed = resource.needs.flatMap((id) => byId.get(id)?.slice(0, 1) ?? []);
    return [
      ...findingsOf(resource, nameProblems(resource, byId)),
      ...findingsOf(resource, formerProblems(resource, all)),
      ...findingsOf(resource, rules[resource.kind]?.(resource, needed) ?? []),
    ];
  });
}

function nameProblems({ kind, id, needs }: Resource, byId: ReadonlyMap<string, readonly Resource[]>) {
  const problems: (readonly [string, string])[] = [];
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(id))
    problems.push([`${id} is no id`, "use lower-case letters, digits, dots and dashes, at most 100"]);
  if ((byId.get(id)?.filter((other) => other.kind === kind).length ?? 0) > 1)
    problems.push([`there are several of the id ${id}`, "give each its own"]);
  for (const need of needs) {
    const named = new Set(byId.get(need)?.map((other) => other.kind));
    if (named.size > 1)
      problems.push([`it names ${need}, which is a ${[...named].join(" and a ")}`, "give one of them another id"]);
    if (!byId.has(need)) problems.push([`it names ${need}, which is not defined`, "define it, or correct the name"]);
    else if (reaches(need, id, byId)) problems.push([`it needs ${need}, which needs it`, "break the circle"]);
  }
  return problems;
}

/** What is there under a former id can become one definition only. */
function formerProblems({ kind, id, formerly = [] }: Resource, all: readonly Resource[]) {
  const others = all.filter((other) => other.kind === kind && other.id !== id);
  return formerly.flatMap((before): (readonly [string, string])[] => {
    if (others.some((other) => other.id === before))
      return [
        [
          `it says that it was ${before}, which is defined`,
          "an id that is given anew is no former one: remove it there",
        ],
      ];
    const rival = others.find((other) => other.formerly?.includes(before));
    if (rival === undefined) return [];
    return [[`it says that it was ${before}, and so does ${rival.id}`, "let one of them begin anew"]];
  });
}

function reaches(from: string, to: string, byId: ReadonlyMap<string, readonly Resource[]>): boolean {
  const seen = new Set([from]);
  // Grows while it is walked through.
  for (const id of seen) {
    if (id === to) return true;
    for (const { needs } of byId.get(id) ?? []) for (const need of needs) seen.add(need);
  }
  return false;
}
