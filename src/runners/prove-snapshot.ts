import { StepError } from "../model/run/outcome.ts";
import type { BackupReport } from "../tools/restic/backup.ts";
import type { Restic } from "../tools/restic/restic.ts";
import type { SnapshotWatch } from "../tools/snapshot-watch.ts";

/** A snapshot that was seen in the repository by somebody else than who made it. */
export interface ProvenSnapshot {
  /** 64 characters. */
  readonly id: string;
  /** As restic lists them; null: it was not asked. */
  readonly paths: readonly string[] | null;
}

/**
 * What restic says about itself is not enough. Its snapshot has to be seen in the repository: as a file that has come since the backup began
 * and is what its name says, or, where files cannot be seen, by another call of restic, which knows nothing of the first.
 * @param name of the repository
 * @throws StepError `empty_artifact` when restic names none, `verification` when the repository does not hold it, or held it before
 */
export async function proveSnapshot(
  { summary, unread, tail }: BackupReport,
  name: string,
  host: string,
  { restic, watch }: { readonly restic: Pick<Restic, "snapshots">; readonly watch: SnapshotWatch },
): Promise<ProvenSnapshot> {
  const claimed = summary.snapshotId;
  if (claimed === null) {
    throw new StepError("empty_artifact", `restic ended well, but names no snapshot that it made in ${name}`, {
      advice: "see that its program is restic itself, and whether restic snapshots lists what it should have made",
      tail,
    });
  }
  const sighting = await watch.find(claimed);
  if (sighting.state === "older" || sighting.state === "broken") {
    const what = { older: "which was there before it began", broken: "whose file there is not what was stored" };
    throw new StepError(
      "verification",
      `restic says it made the snapshot ${claimed} in ${name}, ${what[sighting.state]}`,
      {
        advice: "see that its program is restic itself, and run restic check on the repository before you rely on it",
        tail,
      },
    );
  }
  // Of a backup that has missed something only restic can say what it is of.
  if (sighting.state === "whole" && unread === 0) return { id: sighting.id, paths: null };
  const listed = await restic.snapshots({ ids: [claimed] });
  const seen = listed.find((snapshot) => snapshot.id.startsWith(claimed) && snapshot.host === host);
  if (seen) return seen;
  throw new StepError("verification", `restic says it made the snapshot ${claimed}, but ${name} does not list it`, {
    advice: "run restic check on the repository before you rely on it",
    tail,
  });
}
