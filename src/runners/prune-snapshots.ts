import * as z from "zod";
import { keptBy, type RetentionPolicy, retentionKeep, type SubvolumeConfig, subvolumeName } from "../config/schema.ts";
import { StepError, toStepError } from "../model/outcome.ts";
import { keep } from "../model/retention.ts";
import { commit, deleteSubvolume, listReadOnlyIds, listSubvolumes, showSubvolume } from "../tools/btrfs.ts";
import type { ListedSubvolume } from "../tools/btrfs-list.ts";
import { cancellation } from "../tools/cancellation.ts";
import { locate, type Place } from "../tools/filesystem.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

const Spared = z.object({ name: z.string(), why: z.string() });
type Spared = z.infer<typeof Spared>;

const options = z.strictObject({
  subvolume: subvolumeName,
  keep: retentionKeep.optional().meta({ description: "What is kept; default: the retention of the subvolume" }),
});

export const pruneSnapshots = defineRunner({
  uses: "prune.snapshots",
  summary: "Removes the snapshots of a subvolume that no tier of its retention policy holds.",
  risk: "deletes",
  kind: "prune",
  options,
  produces: z.object({
    kept: z
      .array(z.object({ name: z.string(), tiers: z.array(z.string()) }))
      .meta({ description: "What the policy holds, newest first, and by which tiers" }),
    removed: z.array(z.string()).meta({ description: "Names of what was removed" }),
    spared: z.array(Spared).meta({ description: "What no tier holds and was left all the same, and why" }),
  }),
  target: ({ subvolume }) => subvolume,

  async check({ subvolume, keep: kept }, context) {
    const { path } = declared(subvolume, context);
    policyOf(subvolume, kept, context);
    await showSubvolume(context.execute, path);
  },

  async run({ subvolume, keep: kept }, context) {
    const { path, snapshots } = declared(subvolume, context);
    const policy = policyOf(subvolume, kept, context);
    const directory = await locate(snapshots).catch(ifMissing);
    if (directory === null) {
      return {
        evidence: { kept: [], removed: [], spared: [] },
        message: `${snapshots} is not there: nothing to prune`,
      };
    }
    const source = await showSubvolume(context.execute, path);
    const { candidates, spared } = await findCandidates(directory, source.uuid, context);
    const verdict = judge(candidates, policy, context);
    const result: Removal = { removed: [], spared: [...spared], failures: [] };
    for (const snapshot of verdict.unheld) {
      if (context.signal.aborted) throw cancellation(`pruning the snapshots of ${subvolume}`, context.signal);
      await removeOne(snapshot, directory, result, context);
      context.progress({ ratio: result.removed.length / verdict.unheld.length, note: `removing ${nameOf(snapshot)}` });
    }
    if (result.removed.length > 0) await commit(context.execute, directory.path);

    const evidence = { kept: verdict.kept, removed: result.removed, spared: result.spared };
    const counts = `${evidence.kept.length} kept, ${evidence.removed.length} removed, ${evidence.spared.length} spared`;
    const [failure] = result.failures;
    if (failure)
      return { evidence, outcome: "partial", reason: failure.reason, message: `${counts}: ${failure.message}` };
    return { evidence, message: context.dryRun ? `dry run: ${counts}` : counts };
  },
});

interface Removal {
  readonly removed: string[];
  readonly spared: Spared[];
  readonly failures: StepError[];
}

function declared(subvolume: string, { config }: RunnerContext): SubvolumeConfig {
  const found = Object.hasOwn(config.subvolumes, subvolume) ? config.subvolumes[subvolume] : undefined;
  if (found) return found;
  throw new StepError("config", `there is no subvolume called ${subvolume}`, { advice: "declare it in subvolumes" });
}

function policyOf(
  subvolume: string,
  kept: string | RetentionPolicy | undefined,
  { config }: RunnerContext,
): RetentionPolicy {
  const policy = kept ?? config.subvolumes[subvolume]?.retention;
  if (policy !== undefined) return keptBy(policy, config.retention);
  throw new StepError("config", `nothing says which snapshots of ${subvolume} are kept`, {
    advice: "give the step a keep, or the subvolume a retention",
  });
}

/**
 * The snapshots of a subvolume right in its directory of snapshots. Those of other tools in other places are none of our business: they are
 * neither removed nor counted on, for they may be gone tomorrow.
 */
async function findCandidates(directory: Place, sourceUuid: string, { execute }: RunnerContext) {
  const [all, readOnlyIds] = await Promise.all([
    listSubvolumes(execute, directory.mount),
    listReadOnlyIds(execute, directory.mount),
  ]);
  const inside = all.filter(({ path }) => directoryOf(path) === directory.pathInFilesystem);
  const candidates: Candidate[] = [];
  const spared: Spared[] = [];
  for (const snapshot of inside.filter(({ parentUuid }) => parentUuid === sourceUuid)) {
    const doubt = readOnlyIds.has(snapshot.id) ? doubtOf(snapshot) : "it is writable: somebody may work in it";
    if (doubt === null && snapshot.createdAt !== null) candidates.push({ ...snapshot, createdAt: snapshot.createdAt });
    else spared.push({ name: nameOf(snapshot), why: doubt ?? "it came while the list was made" });
  }
  return { candidates, spared };
}

type Candidate = ListedSubvolume & { readonly createdAt: number };

function doubtOf({ path }: ListedSubvolume): string | null {
  return path.includes("\ufffd") ? "its name is not valid UTF-8" : null;
}

/** Whatever the policy: `keep` always holds the newest, without which a subvolume has no way back. */
function judge(candidates: readonly Candidate[], policy: RetentionPolicy, { config, job, now }: RunnerContext) {
  const timezone = config.jobs[job]?.timezone ?? config.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const times = candidates.map(({ createdAt }) => createdAt);
  const verdict = keep(times, policy, timezone, { now: now() / 1000 });
  const at = (index: number) => candidates[index] as Candidate;
  const kept = [...verdict.kept].map(([index, tiers]) => ({
    name: nameOf(at(index)),
    tiers: tiers.length > 0 ? [...tiers] : ["the policy has no tier: everything"],
  }));
  return { kept, unheld: verdict.removed.map(at) };
}

async function removeOne(
  snapshot: Candidate,
  directory: Place,
  result: Removal,
  context: RunnerContext,
): Promise<void> {
  const name = nameOf(snapshot);
  const path = `${directory.path}/${name}`;
  // Asked anew for each: a run that reads it may have begun since.
  if (await isInUse(snapshot, directory, context)) {
    result.spared.push({ name, why: "a run that is alive uses it" });
    return;
  }
  if (context.dryRun) {
    context.log(`would remove ${path}`);
    result.spared.push({ name, why: "dry run: no tier holds it" });
    return;
  }
  try {
    const shown = await showSubvolume(context.execute, path);
    if (shown.uuid !== snapshot.uuid || !shown.readOnly) {
      result.spared.push({ name, why: "it has become another subvolume since it was listed" });
      return;
    }
    await deleteSubvolume(context.execute, path);
    result.removed.push(name);
  } catch (error) {
    if (context.signal.aborted) throw error;
    const failure = toStepError(error);
    if (failure.reason === "source" && (await locate(path).catch(ifMissing)) === null) return;
    result.failures.push(failure);
    result.spared.push({ name, why: failure.message });
  }
}

/** Compared by where things really are, so that another mount or a symbolic link of the same snapshot counts as well. */
async function isInUse({ path }: ListedSubvolume, { mount }: Place, { pathsInUse }: RunnerContext): Promise<boolean> {
  for (const used of pathsInUse()) {
    const place = await locate(used).catch(ifMissing);
    if (place === null || place.mount.device !== mount.device) continue;
    const other = place.pathInFilesystem;
    if (other === path || other.startsWith(`${path}/`) || other === "" || path.startsWith(`${other}/`)) return true;
  }
  return false;
}

function ifMissing(error: unknown): null {
  if (
    error instanceof StepError &&
    error.reason === "source" &&
    (error.cause as NodeJS.ErrnoException)?.code === "ENOENT"
  )
    return null;
  throw error;
}

function nameOf({ path }: Pick<ListedSubvolume, "path">): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
