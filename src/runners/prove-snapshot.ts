import { StepError } from "../model/outcome.ts";
import type { Restic } from "../tools/restic.ts";
import type { BackupReport } from "../tools/restic-backup.ts";
import type { ResticSnapshot } from "../tools/restic-output.ts";

/**
 * What restic says about itself is not enough: another call, without the knowledge of the first, has to find the snapshot.
 * @param name of the repository
 * @throws StepError `empty_artifact` when restic names none, `verification` when the repository does not list it
 */
export async function proveSnapshot(
  { summary, tail }: BackupReport,
  name: string,
  host: string,
  restic: Pick<Restic, "snapshots">,
): Promise<ResticSnapshot> {
  const claimed = summary.snapshotId;
  if (claimed === null) {
    throw new StepError("empty_artifact", `restic ended well, but names no snapshot that it made in ${name}`, { tail });
  }
  const listed = await restic.snapshots({ ids: [claimed] });
  const seen = listed.find((snapshot) => snapshot.id.startsWith(claimed) && snapshot.host === host);
  if (seen) return seen;
  throw new StepError("verification", `restic says it made the snapshot ${claimed}, but ${name} does not list it`, {
    advice: "run restic check on the repository before you rely on it",
    tail,
  });
}
