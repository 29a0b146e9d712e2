import { suggest } from "../config/closest.ts";
import { StepError } from "../model/run/outcome.ts";
import type { Resource } from "./resource.ts";

/**
 * The resources of some ids, with their parts (`x.1` of `x`) and everything that they need.
 * @throws StepError `config` for an id that is not defined
 */
export function chosen(all: readonly Resource[], only: readonly string[] | undefined): readonly Resource[] {
  if (only === undefined) return all;
  const isPart = (id: string, of: string) => id.startsWith(`${of}.`);
  const unknown = only.filter((id) => !all.some((resource) => resource.id === id || isPart(resource.id, id)));
  if (unknown.length > 0) {
    throw new StepError("config", `nothing is defined as ${unknown.join(", ")}`, {
      advice: suggest(
        unknown[0] as string,
        all.map(({ id }) => id),
        "nothing is defined at all",
      ),
    });
  }
  const ids = new Set(only);
  // Grows while it is walked through.
  for (const id of ids) {
    for (const resource of all) {
      if (isPart(resource.id, id)) ids.add(resource.id);
      if (resource.id === id) for (const need of resource.needs) ids.add(need);
    }
  }
  return all.filter(({ id }) => ids.has(id));
}
