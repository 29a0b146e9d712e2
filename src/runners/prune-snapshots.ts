import * as z from "zod";
import { policiesInForce } from "../config/policies.ts";
import { type RetentionPolicy, retentionKeep } from "../config/retention.ts";
import { subvolumeName } from "../config/scalars.ts";
import { timezoneOf } from "../config/timezone.ts";
import { lazily } from "../model/lazily.ts";
import { keepByAny } from "../model/retention/retention.ts";
import { StepError, toStepError } from "../model/run/outcome.ts";
import { commit, deleteSubvolume, listReadOnlyIds, listSubvolumes, showSubvolume } from "../tools/btrfs/btrfs.ts";
import type { ListedSubvolume } from "../tools/btrfs/list.ts";
import { cancellation } from "../tools/cancellation.ts";
import { ifMissing, locate, type Place } from "../tools/files/filesystem.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";
import { declaredSubvolume } from "./subvolume.ts";

const Spared = lazily(() => z.object({ name: z.string(), why: z.string() }));
type Spared = z.infer<ReturnType<typeof Spared>>;

const options = lazily(() =>
  z.strictObject({
    subvolume: subvolumeName,
    keep: retentionKeep.optional().meta({
      description: "What is kept besides what the retention of the subvolume holds; default: nothing more",
    }),
    all: z.boolean().default(false).meta({
      description:
        "Also read-only snapshots in the directory that others made, as one history with its own; default: those that pantheros named",
    }),
  }),
);
type Options = z.infer<ReturnType<typeof options>>;

export const pruneSnapshots = defineRunner({
  uses: "prune.snapshots",
  summary: "Removes the snapshots of a subvolume that no tier of its retention policy holds.",
  risk: "deletes",
  kind: "prune",
  options,
  produces: () =>
    z.object({
      kept: z
        .array(z.object({ name: z.string(), tiers: z.array(z.string()) }))
        .meta({ description: "What the policy holds, newest first, and by which tiers" }),
      removed: z.array(z.string()).meta({ description: "Names of what was removed" }),
      spared: z.array(Spared()).meta({ description: "What was left although the policy does not hold it, and why" }),
    }),
  target: ({ subvolume }) => subvolume,

  async check(options, context) {
    const { path } = declared(options, context);
    await showSubvolume(context.execute, path);
  },

  async run(options, context) {
    const { subvolume } = options;
    const { path, snapshots, policies } = declared(options, context);
    const directory = await locate(snapshots).catch(ifMissing);
    if (directory === null) {
      return {
        evidence: { kept: [], removed: [], spared: [] },
        message: `${snapshots} is not there: nothing to prune`,
      };
    }
    const source = await showSubvolume(context.execute, path);
    const { candidates, spared } = await findCandidates(directory, source.uuid, options, context);
    const verdict = judge(candidates, policies, context);
    const result: Removal = { removed: [], spared: [...spared, ...verdict.spared], failures: [] };
    const evidence = { kept: verdict.kept, removed: result.removed, spared: result.spared };
    try {
      for (const snapshot of verdict.unheld) {
        if (context.signal.aborted) throw cancellation(`pruning the snapshots of ${subvolume}`, context.signal);
        await removeOne(snapshot, directory, result, context);
        context.progress({
          ratio: result.removed.length / verdict.unheld.length,
          note: `removing ${nameOf(snapshot)}`,
        });
      }
      if (result.removed.length > 0) await commitRemovals(directory, result, context);
    } catch (error) {
      // What is gone is gone: the journal hears of it, however the step ends.
      const { reason, message, details } = toStepError(error);
      throw new StepError(reason, `${message}; ${result.removed.length} had been removed`, { ...details, evidence });
    }

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

type Policies = readonly [RetentionPolicy, ...RetentionPolicy[]];

function declared({ subvolume: name, keep }: Options, { config }: RunnerContext) {
  const found = declaredSubvolume(name, { config });
  const promised = { kind: "subvolume", name, retention: found.retention } as const;
  const policies: Policies = policiesInForce(keep, promised, config.retention);
  return { ...found, policies };
}

/**
 * The snapshots of a subvolume right in its directory of snapshots. Those of other tools in other places are none of our business: they are
 * neither removed nor counted on, for they may be gone tomorrow. Nor are those that others made in the same directory, unless with `all`.
 */
async function findCandidates(
  directory: Place,
  sourceUuid: string,
  { subvolume, all: others }: Options,
  { execute }: RunnerContext,
) {
  const [all, readOnlyIds] = await Promise.all([
    listSubvolumes(execute, directory.mount),
    listReadOnlyIds(execute, directory.mount),
  ]);
  const inside = all.filter(({ path }) => directoryOf(path) === directory.pathInFilesystem);
  const candidates: Candidate[] = [];
  const spared: Spared[] = [];
  for (const snapshot of inside.filter(({ parentUuid }) => parentUuid === sourceUuid)) {
    const doubt = readOnlyIds.has(snapshot.id) ? doubtOf(snapshot) : "it is writable: somebody may work in it";
    if (doubt === null && !others && !isNamedByUs(nameOf(snapshot), subvolume)) {
      spared.push({ name: nameOf(snapshot), why: "not made by pantheros" });
      continue;
    }
    if (doubt === null && snapshot.createdAt !== null) candidates.push({ ...snapshot, createdAt: snapshot.createdAt });
    else spared.push({ name: nameOf(snapshot), why: doubt ?? "it came while the list was made" });
  }
  return { candidates, spared };
}

type Candidate = ListedSubvolume & { readonly createdAt: number };

function doubtOf({ path }: ListedSubvolume): string | null {
  return path.includes("\ufffd") ? "its name is not valid UTF-8" : null;
}

/** As `snapshot.btrfs` names them: `home.20261121T085700Z`, `home.20261121T085700Z_1`. */
function isNamedByUs(name: string, subvolume: string): boolean {
  return name.startsWith(`${subvolume}.`) && /^\d{8}T\d{6}Z(?:_\d+)?$/.test(name.slice(subvolume.length + 1));
}

/** Whatever the policy: `keep` always holds the newest, without which a subvolume has no way back. */
function judge(candidates: readonly Candidate[], policies: Policies, { config, job, now, lastSteps }: RunnerContext) {
  const timezone = timezoneOf(config.jobs[job], config);
  const times = candidates.map(({ createdAt }) => createdAt);
  const verdict = keepByAny(times, policies, timezone, { now: now() / 1000 });
  const at = (index: number) => candidates[index] as Candidate;
  const kept = [...verdict.kept].map(([index, tiers]) => ({
    name: nameOf(at(index)),
    tiers: tiers.length > 0 ? [...tiers] : ["the policy has no tier: everything"],
  }));
  const claimed = new Set(lastSteps().map(({ evidence }) => evidence["uuid"]));
  const removed = verdict.removed.map(at);
  const spared = removed
    .filter(({ uuid }) => claimed.has(uuid))
    .map((snapshot): Spared => ({ name: nameOf(snapshot), why: "a job claims it as its last snapshot" }));
  return { kept, spared, unheld: removed.filter(({ uuid }) => !claimed.has(uuid)) };
}

/** Without it the removals may come back after a loss of power; they are done all the same. */
async function commitRemovals(directory: Place, { failures }: Removal, { execute, signal }: RunnerContext) {
  try {
    await commit(execute, directory.path);
  } catch (error) {
    if (signal.aborted) throw error;
    failures.push(toStepError(error));
  }
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

function nameOf({ path }: Pick<ListedSubvolume, "path">): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
