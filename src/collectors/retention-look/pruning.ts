import { stepId } from "../../config/declaration.ts";
import { type RetentionPolicy, retentionPolicy } from "../../config/retention.ts";
import type { Config } from "../../config/schema.ts";
import type { StepConfig } from "../../config/sections/jobs.ts";
import type { LastStep } from "../../ledger/ledger.ts";
import { formatDuration } from "../../model/quantity.ts";
import type { Pruning } from "../../model/retention/retention.ts";
import { type DeclaredSeries, seriesPrunedBy } from "../declared/series.ts";
import { policyCalled, type RetentionSubject } from "./promises.ts";

/** Who removes what a policy does not hold, and when that last went well. */
export interface PruningRecord extends Pick<Pruning, "alsoKept" | "standsFor"> {
  /** Names of the jobs whose steps prune it; none: the configuration has no such step. */
  readonly jobs: readonly string[];
  /** Seconds since the epoch; null: never. */
  readonly lastSuccessAt: number | null;
  /** What the last one says of most of what it left although no policy holds it; null: nothing. */
  readonly leftBecause: string | null;
}

/** @param series of a destination: its name */
export function pruningOf(
  subject: RetentionSubject,
  series: string | null,
  config: Config,
  lastSteps: readonly LastStep[],
): PruningRecord {
  const pruners = Object.entries(config.jobs).flatMap(([job, { steps }]) =>
    steps.flatMap((step, position) => {
      const pruner = prunerOf(step, subject, series, config);
      return pruner === null ? [] : [{ job, id: stepId(step, position), ...pruner }];
    }),
  );
  const [last] = lastSteps
    .filter((step) => pruners.some(({ job, id }) => step.job === job && step.id === id))
    .toSorted((a, b) => b.finishedAt - a.finishedAt);
  return {
    jobs: [...new Set(pruners.map(({ job }) => job))],
    lastSuccessAt: last === undefined ? null : last.finishedAt / 1000,
    leftBecause: last === undefined ? null : mostOf(last.evidence["spared"]),
    alsoKept: pruners.flatMap(({ keep }) => keep ?? []),
    standsFor: pruners.some(({ keep }) => keep === null) ? "first" : "newest",
  };
}

/** Keep: what it keeps besides what is promised; null: it keeps by rules of its own, of which nothing is known here. */
function prunerOf(
  step: StepConfig,
  { kind, subject }: RetentionSubject,
  series: string | null,
  config: Config,
): { readonly keep: readonly RetentionPolicy[] | null } | null {
  const options = step as Readonly<Record<string, unknown>>;
  if (kind === "destination") {
    const pruned = seriesPrunedBy(step, config);
    return pruned?.destination === subject && covers(pruned, series) ? { keep: keptBy(options, config) } : null;
  }
  if (options[kind] !== subject) return null;
  if (step.uses === "prune.snapshots" || step.uses === "forget.restic") return { keep: keptBy(options, config) };
  // Both prune by themselves, unless they are told not to, and both let the first of a period stand for it.
  if (step.uses === "snapshot.btrbk") return options["command"] === "snapshot" ? null : { keep: null };
  if (step.uses === "snapshot.snapper") return options["cleanup"] === "none" ? null : { keep: null };
  return null;
}

function covers({ name }: DeclaredSeries, series: string | null): boolean {
  return series === null || name === series;
}

function keptBy({ keep }: Readonly<Record<string, unknown>>, config: Config): readonly RetentionPolicy[] {
  if (keep === undefined) return [];
  if (typeof keep === "string") return [policyCalled(keep, config) ?? []].flat();
  // As written: the runner's schema has refused everything else.
  const { data } = retentionPolicy.safeParse(keep);
  return data === undefined ? [] : [data];
}

function mostOf(spared: unknown): string | null {
  if (!Array.isArray(spared)) return null;
  const whys = spared.flatMap((one: { readonly why?: unknown } | null) =>
    typeof one?.why === "string" ? [one.why] : [],
  );
  const [most] = [...Map.groupBy(whys, (why) => why)].toSorted(([, a], [, b]) => b.length - a.length);
  return most?.[0] ?? null;
}

/**
 * That pruning has stopped, since when, and what is known of the last one.
 * @param excess.since seconds since the epoch
 * @param excess.slack what counts has waited this long: pruning that was younger has seen all of it
 * @returns null: there is nothing too many
 */
export function describeStopped(
  excess: { readonly count: number; readonly since: number | null; readonly slack: number },
  { jobs, lastSuccessAt, leftBecause }: PruningRecord,
  now: number,
): string | null {
  if (excess.count === 0 || excess.since === null) return null;
  const ago = (at: number) => `${formatDuration(Math.max(0, now - at))} ago`;
  const what = `${excess.count} too many since ${isoDay(excess.since)}, ${ago(excess.since)}`;
  const by = jobs.length === 1 ? `the job ${jobs[0]}` : `the jobs ${jobs.join(", ")}`;
  if (jobs.length === 0) return `nothing in the configuration prunes it: ${what}`;
  if (lastSuccessAt === null) return `pruning has never succeeded: ${what}; it is up to ${by}`;
  if (lastSuccessAt < now - excess.slack)
    return `pruning has stopped: ${what}; ${by} last pruned ${ago(lastSuccessAt)}`;
  const why = leftBecause === null ? "it left them" : `it left them: ${leftBecause}`;
  return `pruning leaves too much: ${what}; ${by} pruned ${ago(lastSuccessAt)}, and ${why}`;
}

function isoDay(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 10);
}
