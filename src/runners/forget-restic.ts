import * as z from "zod";
import { keptBy, type RetentionPolicy, repositoryName, retentionKeep } from "../config/schema.ts";
import { StepError } from "../model/outcome.ts";
import { createRestic, type ForgetRequest } from "../tools/restic.ts";
import { ownTag } from "../tools/restic-history.ts";
import type { ForgetGroup } from "../tools/restic-output.ts";
import { openRepository } from "../tools/restic-repository.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

const ForgetOptions = z.strictObject({
  repository: repositoryName,
  keep: retentionKeep.optional().meta({ description: "What is kept; default: the retention of the repository" }),
  prune: z.boolean().default(true).meta({ description: "Also free the space that only removed snapshots used" }),
  all: z.boolean().default(false).meta({
    description:
      "Also snapshots of other hosts and tools, by host, paths and tags; default: what pantheros made on this host",
  }),
});
type Options = z.infer<typeof ForgetOptions>;

export const forgetRestic = defineRunner({
  uses: "forget.restic",
  summary: "Removes the snapshots of a restic repository that no tier of its retention policy holds.",
  risk: "deletes",
  kind: "prune",
  options: ForgetOptions,
  produces: z.object({
    repository: z.string().meta({ description: "Its name in the configuration" }),
    kept: z.int().meta({ description: "Snapshots that the policy holds" }),
    removed: z.array(z.string()).meta({ description: "Ids of what was removed, or would be in a dry run" }),
    reasons: z
      .record(z.string(), z.int())
      .meta({ description: "Why snapshots are kept, and how many: daily snapshot: 7" }),
    histories: z.int().meta({ description: "Groups of snapshots to which the policy was applied, each by itself" }),
    pruned: z.boolean().meta({ description: "Whether the space was given back as well" }),
  }),
  target: (options) => options.repository,

  async check(options, context) {
    const { restic } = open(options, context);
    await restic.version();
  },

  async run(options, context) {
    const { restic, keep } = open(options, context);
    await restic.reach();
    const { dryRun } = context;
    const groups: ForgetGroup[] = [];
    for (const scope of scopesOf(options, context)) {
      groups.push(...(await restic.forget({ ...scope, keep, prune: scope.last && options.prune, dryRun })));
    }
    const removed = [...new Set(groups.flatMap(({ remove }) => remove.map(({ id }) => id)))];
    const kept = new Set(groups.flatMap((group) => group.keep.map(({ id }) => id)));
    for (const id of removed) kept.delete(id);
    if (!dryRun && removed.length > 0) await prove(removed, options.repository, await restic.snapshots());
    const evidence = {
      repository: options.repository,
      kept: kept.size,
      removed,
      reasons: countReasons(groups),
      histories: groups.length,
      pruned: options.prune && !dryRun,
    };
    const counts = `${kept.size} kept, ${removed.length} removed in ${groups.length} histories of ${options.repository}`;
    return { evidence, message: dryRun ? `dry run: ${counts}` : counts };
  },
});

/**
 * The tiers of a policy as restic's flags.
 * @throws StepError `config` when no tier holds anything: restic would refuse it or, with other flags, remove everything
 */
export function keepFlags(policy: RetentionPolicy): readonly string[] {
  const flags = (["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const)
    .filter((tier) => policy[tier] > 0)
    .map((tier) => `--keep-${tier}=${policy[tier]}`);
  if (policy.within) flags.push(`--keep-within=${resticDuration(policy.within)}`);
  if (flags.length > 0) return flags;
  throw new StepError("config", "the retention policy keeps nothing at all", {
    advice: "give it at least one tier: last, within, hourly, daily, weekly, monthly or yearly",
  });
}

/** restic counts years, months, days and hours; what is left of an hour is rounded up, which keeps more. @param seconds above 0 */
export function resticDuration(seconds: number): string {
  const hours = Math.ceil(seconds / 3600);
  const days = Math.floor(hours / 24);
  return `${days > 0 ? `${days}d` : ""}${hours % 24 > 0 ? `${hours % 24}h` : ""}`;
}

type Scope = Pick<ForgetRequest, "host" | "tags" | "groupBy"> & { readonly last: boolean };

/**
 * Our snapshots are one history by host and tags: the path of a Btrfs snapshot is another one in every run. Others' are told apart by
 * their paths as well; looked at in that way, those of ours that the first call has left are kept.
 */
function scopesOf({ all }: Options, { config }: RunnerContext): readonly Scope[] {
  const ours = { tags: [ownTag], groupBy: "host,tags" };
  if (!all) return [{ ...ours, host: config.host, last: true }];
  return [
    { ...ours, last: false },
    { groupBy: "host,paths,tags", last: true },
  ];
}

function open(options: Options, { config, readSecret, execute }: RunnerContext) {
  const name = options.repository;
  const declared = Object.hasOwn(config.repositories, name) ? config.repositories[name] : undefined;
  const policy = options.keep ?? declared?.retention;
  if (declared && policy === undefined) {
    throw new StepError("config", `nothing says which snapshots of ${name} are kept`, {
      advice: "give the step a keep, or the repository a retention",
    });
  }
  const repository = openRepository(name, declared, {
    stateDirectory: config.state_directory,
    readSecret,
  });
  return { restic: createRestic(repository, execute), keep: keepFlags(keptBy(policy ?? "", config.retention)) };
}

async function prove(
  removed: readonly string[],
  name: string,
  left: readonly { readonly id: string }[],
): Promise<void> {
  const still = left.filter(({ id }) => removed.includes(id));
  if (still.length === 0) return;
  throw new StepError("verification", `${still.length} snapshots that restic says it removed are still in ${name}`, {
    advice: "see whether the repository is append-only: then they have to be removed where it lives",
    tail: still.map(({ id }) => id).join("\n"),
  });
}

function countReasons(groups: readonly ForgetGroup[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of groups.flatMap(({ reasons }) => reasons.flat())) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
