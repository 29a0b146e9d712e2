import { StepError } from "../model/outcome.ts";
import { archiveBtrfsSend } from "./archive-btrfs-send.ts";
import { archiveVerify } from "./archive-verify.ts";
import { backupFalkordb } from "./backup-falkordb.ts";
import { backupPostgres } from "./backup-postgres.ts";
import { backupRclone } from "./backup-rclone.ts";
import { backupRestic } from "./backup-restic.ts";
import { backupValkey } from "./backup-valkey.ts";
import { command } from "./command.ts";
import { drillArchive } from "./drill-archive.ts";
import { drillFiles } from "./drill-files.ts";
import { drillResticPostgres } from "./drill-restic-postgres.ts";
import { exportCommand } from "./export-command.ts";
import { forgetRestic } from "./forget-restic.ts";
import { hookHttp } from "./hook-http.ts";
import { hubSync } from "./hub-sync.ts";
import { pruneObjects } from "./prune-objects.ts";
import { pruneSnapshots } from "./prune-snapshots.ts";
import { resticInit } from "./restic-init.ts";
import { resticUnlock } from "./restic-unlock.ts";
import type { Runner } from "./runner.ts";
import { snapshotBtrbk } from "./snapshot-btrbk.ts";
import { snapshotBtrfs } from "./snapshot-btrfs.ts";
import { snapshotSnapper } from "./snapshot-snapper.ts";
import { verifyResticCheck } from "./verify-restic-check.ts";

/** Everything that a step can use. A new runner is one file and one line here. */
export const runners: readonly Runner[] = [
  snapshotBtrfs,
  snapshotSnapper,
  snapshotBtrbk,
  archiveBtrfsSend,
  pruneSnapshots,
  pruneObjects,
  backupRestic,
  forgetRestic,
  backupRclone,
  backupPostgres,
  backupValkey,
  backupFalkordb,
  exportCommand,
  verifyResticCheck,
  archiveVerify,
  drillFiles,
  drillResticPostgres,
  drillArchive,
  hubSync,
  resticInit,
  resticUnlock,
  hookHttp,
  command,
];

/**
 * The runner of a step's `uses:`.
 * @throws StepError `config` when there is none
 */
export function runnerFor(uses: string): Runner {
  const runner = runners.find((candidate) => candidate.uses === uses);
  if (runner) return runner;
  throw new StepError("config", `no runner is called ${uses}`, {
    advice: `use one of ${runners.map((known) => known.uses).join(", ")}`,
  });
}
