import * as z from "zod";
import { destinationName } from "../config/schema.ts";
import type { CatalogQuery } from "../tools/archive-catalog.ts";
import type { RunnerContext } from "./runner.ts";

/** Options of steps that look at archives which another step has made. */
export const archiveSelection = {
  destination: destinationName,
  prefix: z.string().default("").meta({ description: "As of the step that archives: below the destination's own" }),
  host: z.string().min(1).optional().meta({ description: "Whose archives; default: the configuration's host" }),
  name: z.string().min(1).optional().meta({ description: "What the archives are called; default: all names" }),
};

/** @param prefix whole, the destination's own included */
export function selectionOf(
  { host, name }: { readonly host?: string | undefined; readonly name?: string | undefined },
  prefix: string,
  { config }: RunnerContext,
): CatalogQuery {
  return { prefix, host: host ?? config.host, ...(name === undefined ? {} : { name }) };
}
