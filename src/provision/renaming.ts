import type { Owned } from "./identity.ts";
import { nameOf, type Resource } from "./resource.ts";

/**
 * What is ours, under the ids that definitions have now: one that is there only under an id that its definition had before keeps its number, and
 * with it its history and every link to it.
 */
export function underNewIds(
  owned: ReadonlyMap<string, Owned>,
  desired: readonly Resource[],
): ReadonlyMap<string, Owned> {
  const all = new Map(owned);
  const defined = new Set(desired.map(nameOf));
  for (const resource of desired) {
    const { kind, id, formerly = [] } = resource;
    const old = formerly.map((before) => nameOf({ kind, id: before })).find((key) => all.has(key) && !defined.has(key));
    const found = old === undefined ? undefined : all.get(old);
    if (old === undefined || found === undefined || all.has(nameOf(resource))) continue;
    all.delete(old);
    all.set(nameOf(resource), { ...found, mark: { ...found.mark, id } });
  }
  return all;
}
