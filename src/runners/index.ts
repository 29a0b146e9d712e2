import { StepError } from "../model/outcome.ts";
import { backupRclone } from "./backup-rclone.ts";
import { backupRestic } from "./backup-restic.ts";
import { command } from "./command.ts";
import { forgetRestic } from "./forget-restic.ts";
import { pruneSnapshots } from "./prune-snapshots.ts";
import type { Runner } from "./runner.ts";
import { snapshotBtrfs } from "./snapshot-btrfs.ts";

/** Everything that a step can use. A new runner is one file and one line here. */
export const runners: readonly Runner[] = [
  snapshotBtrfs,
  pruneSnapshots,
  backupRestic,
  forgetRestic,
  backupRclone,
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
