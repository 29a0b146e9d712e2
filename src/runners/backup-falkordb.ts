import * as z from "zod";
import { StepError } from "../model/run/outcome.ts";
import type { RdbFile } from "../tools/valkey/rdb-file.ts";
import type { Valkey } from "../tools/valkey/valkey.ts";
import { checkRdbBackup, runRdbBackup } from "./rdb/backup.ts";
import { RdbEvidence, RdbOptions } from "./rdb/options.ts";
import { defineRunner } from "./runner.ts";
import { removeUpload } from "./upload.ts";

/** The module type of a graph, of which every graph has one value; large ones have more, of the type graphmeta. FalkorDB 4.16, 2026-11. */
const moduleType = "graphdata";

export const backupFalkordb = defineRunner({
  uses: "backup.falkordb",
  summary: "Uploads a proven dump of FalkorDB with its graphs, from a snapshot or saved now, and lists it there.",
  // What is at the destination under the same name is overwritten.
  risk: "deletes",
  kind: "backup",
  options: RdbOptions,
  produces: () => RdbEvidence().extend({ graphs: z.int().meta({ description: "Graphs in the dump" }) }),
  target: ({ to }) => to,
  check: checkRdbBackup,
  run: async (options, context) => {
    const judge = (dump: RdbFile, asked: number | null) => refuseMissing(dump, asked, options);
    const { dump, ...result } = await runRdbBackup(options, { moduleType, ask: countGraphs, judge }, context);
    const graphs = dump?.moduleValues ?? 0;
    const message = dump === null ? result.message : `${graphs} graphs, ${result.message}`;
    return { ...result, evidence: { ...result.evidence, graphs }, ...(message === undefined ? {} : { message }) };
  },
  removeLeftover: removeUpload,
});

async function countGraphs(server: Valkey): Promise<number> {
  const names = await server.call("GRAPH.LIST");
  return names.filter((name) => name !== "").length;
}

/** A graph that was deleted while the server saved may be missing, one of those that have always been there may not: that cannot be told apart. */
function refuseMissing({ moduleValues }: RdbFile, asked: number | null, options: RdbOptions): void {
  if (asked !== null && moduleValues < asked) {
    throw new StepError("verification", `the server lists ${asked} graphs, its dump holds ${moduleValues}`, {
      advice: "run it again; if it stays so, see the server's own log",
    });
  }
  if (moduleValues > 0 || options.allow_empty) return;
  throw new StepError("empty_artifact", "the dump holds no graph", {
    advice: "see that it is FalkorDB's; if it may be empty, set allow_empty: true",
  });
}
