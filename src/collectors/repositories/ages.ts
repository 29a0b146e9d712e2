import type { Config } from "../../config/schema.ts";
import type { StepConfig } from "../../config/sections/jobs.ts";
import type { Sample } from "../../model/samples/sample.ts";

/**
 * How long ago somebody stored something in each repository that this host only looks at, prunes or checks, as a hub does. Where its own jobs
 * store, these are judged by their schedules; where one is retired, nobody is expected to.
 */
export function agesOfOthers(
  samples: readonly Sample[],
  { jobs, repositories }: Pick<Config, "jobs" | "repositories">,
): Sample[] {
  const own = new Set(Object.values(jobs).flatMap(({ steps }) => steps.map(storesIn)));
  for (const [name, { retired }] of Object.entries(repositories)) if (retired) own.add(name);
  return samples.flatMap(({ metric, labels, value }): Sample[] => {
    if (metric !== "repositoryLastSnapshot" || value === undefined || own.has(labels.repository)) return [];
    return [{ metric: "repositoryOthersAge", labels, since: value }];
  });
}

/** The repository that a step makes snapshots in; undefined: none. */
function storesIn(step: StepConfig): unknown {
  const { uses, repository, into } = step as Readonly<Record<string, unknown>>;
  if (uses === "hub.sync") return into;
  return String(uses).startsWith("backup.") ? repository : undefined;
}
