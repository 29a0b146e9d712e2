import { StepError } from "../model/run/outcome.ts";
import { zoneOf } from "../model/time/zone.ts";
import { type BtrbkCall, listLatest } from "../tools/btrbk/btrbk.ts";
import { timeOfName } from "../tools/btrbk/name.ts";
import type { BtrbkRelation } from "../tools/btrbk/output.ts";
import { showSubvolume } from "../tools/btrfs/btrfs.ts";
import type { ShownSubvolume } from "../tools/btrfs/show.ts";
import type { Execute } from "../tools/exec.ts";
import { proveSnapshot } from "./subvolume.ts";

interface Made {
  /** The subvolume that btrbk made it of: a path, or `ssh://host/path`. */
  readonly source: string;
  readonly path: string;
}
interface Proved extends Made {
  readonly uuid: string | null;
  /** ISO 8601 in UTC. */
  readonly created_at: string | null;
}

/**
 * Holds every snapshot that btrbk says it made against what Btrfs says of it. Those on other hosts cannot be seen from here.
 * @param before UUIDs of what was there before; null: nothing was really made (a dry run)
 * @throws StepError `verification`, `source`
 */
export async function proveMade(
  execute: Execute,
  made: readonly Made[],
  before: ReadonlySet<string> | null,
): Promise<Proved[]> {
  const proved: Proved[] = [];
  for (const { source, path } of made) {
    if (before === null || !path.startsWith("/")) {
      proved.push({ source, path, uuid: null, created_at: null });
      continue;
    }
    const origin = await showSubvolume(execute, source);
    const shown = proveSnapshot(await showSubvolume(execute, path), origin, path, source, before);
    proved.push({ source, path, ...factsOf(shown) });
  }
  return proved;
}

/**
 * The snapshot of an earlier run which, by btrbk's word, still is what the subvolume is.
 * @throws StepError `empty_artifact` when there is none: nothing was made, and something should have been
 */
export async function findUnchanged(
  execute: Execute,
  call: BtrbkCall,
  own: ReadonlySet<string>,
  origin: ShownSubvolume,
): Promise<Proved> {
  const latest = await listLatest(execute, call);
  const unchanged = latest.find(({ source, snapshot, upToDate }) => own.has(source) && snapshot !== "" && upToDate);
  if (unchanged === undefined) {
    throw new StepError("empty_artifact", `btrbk ended well, but made no snapshot of ${[...own].join(", ")}`, {
      advice: "see snapshot_create, noauto and what the filter leaves over: btrbk -v -n run",
    });
  }
  const { source, snapshot: path } = unchanged;
  return { source, path, ...factsOf(proveSnapshot(await showSubvolume(execute, path), origin, path, source)) };
}

/** Each configured target with the newest backup there; with none where there is none, or where btrbk cannot look. */
export async function lookAtTargets(execute: Execute, call: BtrbkCall, configured: readonly BtrbkRelation[]) {
  const zone = zoneOf(call.timezone);
  const timed = configured.some(({ target }) => target !== "") ? await listLatest(execute, call) : [];
  return configured
    .filter(({ target }) => target !== "")
    .map(({ source, target }) => {
      const backups = timed.filter((row) => row.source === source && row.target.startsWith(`${target}/`));
      const [newest] = backups
        .map((row) => ({ backup: row.target, at: timeOfName(row.target, zone) }))
        .sort((one, other) => (other.at ?? 0) - (one.at ?? 0));
      const at = newest?.at ?? null;
      return { source, target, newest: newest?.backup ?? null, newest_at: at === null ? null : isoOf(at) };
    });
}

function factsOf({ uuid, createdAt }: ShownSubvolume) {
  return { uuid, created_at: isoOf(createdAt) };
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
