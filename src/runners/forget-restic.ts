import * as z from "zod";
import { policiesInForce } from "../config/policies.ts";
import { type RetentionPolicy, retentionKeep } from "../config/retention.ts";
import { repositoryName } from "../config/scalars.ts";
import { timezoneOf } from "../config/timezone.ts";
import { lazily } from "../model/lazily.ts";
import { keepByAny } from "../model/retention/retention.ts";
import { claimOf } from "../model/run/claim.ts";
import { StepError } from "../model/run/outcome.ts";
import { clockTolerance } from "../model/time/clock-tolerance.ts";
import { historyOf, ownTag } from "../tools/restic/history.ts";
import type { ResticSnapshot } from "../tools/restic/output.ts";
import { createRestic } from "../tools/restic/restic.ts";
import { repositoryOf, resticVersion } from "./open-repository.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

const ForgetOptions = lazily(() =>
  z.strictObject({
    repository: repositoryName,
    keep: retentionKeep.optional().meta({
      description: "What is kept besides what the retention of the repository holds; default: nothing more",
    }),
    prune: z.boolean().default(true).meta({ description: "Also free the space that only removed snapshots used" }),
    all: z.boolean().default(false).meta({
      description:
        "Also snapshots of other hosts and tools, by host, paths and tags; default: what pantheros made on this host",
    }),
  }),
);
type Options = z.infer<ReturnType<typeof ForgetOptions>>;

export const forgetRestic = defineRunner({
  uses: "forget.restic",
  summary: "Removes the snapshots of a restic repository that no tier of its retention policy holds.",
  risk: "deletes",
  kind: "prune",
  options: ForgetOptions,
  produces: () =>
    z.object({
      repository: z.string().meta({ description: "Its name in the configuration" }),
      kept: z.int().meta({ description: "Snapshots that stay" }),
      removed: z.array(z.string()).meta({ description: "Ids of what was removed, or would be in a dry run" }),
      reasons: z.record(z.string(), z.int()).meta({
        description: "Why snapshots are kept, and how many: daily: 7; future: dated after now; claimed by a job",
      }),
      histories: z.int().meta({ description: "Groups of snapshots to which the policy was applied, each by itself" }),
      pruned: z.boolean().meta({ description: "Whether the space was given back as well" }),
    }),
  target: (options) => options.repository,

  async check(options, context) {
    await resticVersion(repositoryOf(options.repository, context), context);
  },

  async run(options, context) {
    const { restic, policies } = open(options, context);
    await restic.reach();
    const scope = options.all ? {} : { host: context.config.host, tags: [ownTag] };
    const snapshots = await restic.snapshots(scope);
    const { kept, removed, histories } = judge(snapshots, policies, context);
    if (!context.dryRun && removed.length > 0) {
      await restic.forget({ ids: removed, prune: options.prune });
      prove(removed, options.repository, await restic.snapshots());
    }
    const evidence = {
      repository: options.repository,
      kept: kept.length,
      removed: [...removed],
      reasons: count(kept.flat()),
      histories,
      pruned: options.prune && !context.dryRun,
    };
    const counts = `${kept.length} kept, ${removed.length} removed in ${histories} ${histories === 1 ? "history" : "histories"} of ${options.repository}`;
    const message = context.dryRun ? `dry run: ${counts}` : counts;
    const doubt = doubtOf(snapshots, context.now() / 1000);
    if (doubt === null) return { evidence, message };
    return { evidence, outcome: "partial", reason: "verification", message: `${message}; ${doubt}` };
  },
});

/**
 * Judged here, restic is told what to remove by its id: restic gives snapshots dated after now the places of real ones, so that a clock that
 * was wrong once would cost every backup since, today's included. Each history is judged by itself.
 */
function judge(
  snapshots: readonly ResticSnapshot[],
  policies: readonly [RetentionPolicy, ...RetentionPolicy[]],
  { config, job, now, lastSteps }: RunnerContext,
) {
  const timezone = timezoneOf(config.jobs[job], config);
  const claims = lastSteps().map(claimOf);
  const claimed = new Set(claims.flatMap((claim) => (claim?.kind === "repository" ? claim.snapshotIds : [])));
  const histories = Map.groupBy(snapshots, ({ host, tags, paths }) => historyOf(host, tags, paths));
  const kept: (readonly string[])[] = [];
  const removed: string[] = [];
  for (const history of histories.values()) {
    const times = history.map(({ at }) => at);
    const verdict = keepByAny(times, policies, timezone, { now: now() / 1000 });
    for (const tiers of verdict.kept.values()) kept.push(tiers.length > 0 ? tiers : ["the policy has no tier"]);
    for (const index of verdict.removed) {
      const { id } = history[index] as ResticSnapshot;
      if (claimed.has(id)) kept.push(["claimed by a job"]);
      else removed.push(id);
    }
  }
  return { kept, removed, histories: histories.size };
}

function doubtOf(snapshots: readonly ResticSnapshot[], now: number): string | null {
  const ahead = snapshots.filter(({ at }) => at > now + clockTolerance);
  const [first] = ahead;
  if (!first) return null;
  const them = ahead.length === 1 ? "1 snapshot is" : `${ahead.length} snapshots are`;
  return `${them} dated after now, kept, and in nobody's place – correct the clock, or remove what it misdated: restic forget ${first.id.slice(0, 8)}`;
}

function open(options: Options, context: RunnerContext) {
  const name = options.repository;
  const { config, execute } = context;
  const repository = repositoryOf(name, context);
  const promised = { kind: "repository", name, retention: config.repositories[name]?.retention } as const;
  return {
    restic: createRestic(repository, execute),
    policies: policiesInForce(options.keep, promised, config.retention),
  };
}

function prove(removed: readonly string[], name: string, left: readonly ResticSnapshot[]): void {
  const gone = new Set(removed);
  const still = left.filter(({ id }) => gone.has(id));
  if (still.length === 0) return;
  throw new StepError("verification", `${still.length} snapshots that restic says it removed are still in ${name}`, {
    advice: "see whether the repository is append-only: then they have to be removed where it lives",
    tail: still.map(({ id }) => id).join("\n"),
  });
}

function count(reasons: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
