import * as z from "zod";
import { destinationName } from "../../config/scalars.ts";
import type { CatalogQuery } from "../../tools/archive/catalog.ts";
import type { RunnerContext } from "../runner.ts";

/** Options of steps that look at archives which another step has made. */
export const archiveSelection = () => ({
  destination: destinationName,
  prefix: z.string().default("").meta({ description: "As of the step that archives: below the destination's own" }),
  host: z.string().min(1).optional().meta({ description: "Whose archives; default: the configuration's host" }),
  name: z.string().min(1).optional().meta({ description: "What the archives are called; default: all names" }),
});

/** What a run that is alive may have begun is younger than this, milliseconds since the epoch: no run outlives its deadline. */
export function oldestAlive({ config, now }: Pick<RunnerContext, "config" | "now">): number {
  return now() - Math.max(...Object.values(config.jobs).map(({ deadline }) => deadline), 0) * 1000;
}

/** @param prefix whole, the destination's own included */
export function selectionOf(
  { host, name }: { readonly host?: string | undefined; readonly name?: string | undefined },
  prefix: string,
  { config }: RunnerContext,
): CatalogQuery {
  return { prefix, host: host ?? config.host, ...(name === undefined ? {} : { name }) };
}
