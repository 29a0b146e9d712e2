import { checkRdbBackup, runRdbBackup } from "./rdb/backup.ts";
import { RdbEvidence, RdbOptions } from "./rdb/options.ts";
import { defineRunner } from "./runner.ts";
import { removeUpload } from "./upload.ts";

export const backupValkey = defineRunner({
  uses: "backup.valkey",
  summary: "Uploads a proven dump of a Valkey or Redis server, from a snapshot or saved now, and lists it there.",
  // What is at the destination under the same name is overwritten.
  risk: "deletes",
  kind: "backup",
  options: RdbOptions,
  produces: RdbEvidence,
  target: ({ to }) => to,
  check: checkRdbBackup,
  run: async (options, context) => {
    const { dump: _, ...result } = await runRdbBackup(options, {}, context);
    return result;
  },
  removeLeftover: removeUpload,
});
