import { StepError } from "../model/run/outcome.ts";
import type { Runner } from "./runner.ts";

/** Everything that a step can use. A new runner is one file and one line here; its file is loaded when something uses it. */
const files: Readonly<Record<string, () => Promise<Runner>>> = {
  "snapshot.btrfs": async () => (await import("./snapshot-btrfs.ts")).snapshotBtrfs,
  "snapshot.snapper": async () => (await import("./snapshot-snapper.ts")).snapshotSnapper,
  "snapshot.btrbk": async () => (await import("./snapshot-btrbk.ts")).snapshotBtrbk,
  "archive.btrfs-send": async () => (await import("./archive-btrfs-send.ts")).archiveBtrfsSend,
  "prune.snapshots": async () => (await import("./prune-snapshots.ts")).pruneSnapshots,
  "prune.objects": async () => (await import("./prune-objects.ts")).pruneObjects,
  "backup.restic": async () => (await import("./backup-restic.ts")).backupRestic,
  "forget.restic": async () => (await import("./forget-restic.ts")).forgetRestic,
  "backup.rclone": async () => (await import("./backup-rclone.ts")).backupRclone,
  "backup.postgres": async () => (await import("./backup-postgres.ts")).backupPostgres,
  "backup.valkey": async () => (await import("./backup-valkey.ts")).backupValkey,
  "backup.falkordb": async () => (await import("./backup-falkordb.ts")).backupFalkordb,
  "export.command": async () => (await import("./export-command.ts")).exportCommand,
  "verify.restic-check": async () => (await import("./verify-restic-check.ts")).verifyResticCheck,
  "archive.verify": async () => (await import("./archive-verify.ts")).archiveVerify,
  "drill.files": async () => (await import("./drill-files.ts")).drillFiles,
  "drill.restic-postgres": async () => (await import("./drill-restic-postgres.ts")).drillResticPostgres,
  "drill.archive": async () => (await import("./drill-archive.ts")).drillArchive,
  "hub.sync": async () => (await import("./hub-sync.ts")).hubSync,
  "restic.init": async () => (await import("./restic-init.ts")).resticInit,
  "restic.unlock": async () => (await import("./restic-unlock.ts")).resticUnlock,
  "hook.http": async () => (await import("./hook-http.ts")).hookHttp,
  command: async () => (await import("./command.ts")).command,
};

/** What a step's `uses:` may say, in the order of help and docs. */
export const runnerNames: readonly string[] = Object.keys(files);

/**
 * The runner of a step's `uses:`.
 * @throws StepError `config` when there is none
 */
export async function loadRunner(uses: string): Promise<Runner> {
  const load = Object.hasOwn(files, uses) ? files[uses] : undefined;
  if (load) return await load();
  throw new StepError("config", `no runner is called ${uses}`, { advice: `use one of ${runnerNames.join(", ")}` });
}

/** Those of these names that there are, in the order of `runnerNames`. @param uses default: all */
export async function loadRunners(uses: readonly string[] = runnerNames): Promise<readonly Runner[]> {
  return await Promise.all(runnerNames.filter((name) => uses.includes(name)).map(loadRunner));
}
