import type { Config } from "../config/schema.ts";
import type { LastStep } from "../ledger/ledger.ts";
import { type Claim, claimOf } from "../model/claim.ts";
import type { Observation, Sample } from "../model/sample.ts";
import { defineLiveCollector, lastLook } from "./collector.ts";
import { proofOf } from "./proof.ts";

/** A place that holds the data besides the original. */
interface Copy {
  readonly place: string;
  readonly medium: string;
  readonly offsite: boolean;
  /** Seconds since the epoch: as new as this the data is there. */
  readonly at: number;
}
/** What the copies of a data set are counted by. */
type Objective = Config["objectives"][string];

/**
 * What is promised and what holds now. The recovery point is as old as the oldest of the newest backups of the jobs that together protect the
 * data; data is as old as the start of the run that saved it. A job that has never saved anything, or whose newest backup nobody else can
 * see, leaves it unknown. A copy counts when its own place has listed it since it was made.
 */
export const objectives = defineLiveCollector({
  name: "objectives",
  summary: "Recovery points and times, copies and media promised by the objectives, and what is really there.",
  live: true,
  collect({ config, ledger, now }) {
    const observations = ledger.observations();
    const steps = ledger.lastSteps();
    return Object.entries(config.objectives).flatMap(([name, objective]): Sample[] => [
      ...recoveryPoint(name, objective, config, steps, observations),
      ...recoveryTime(name, objective, steps),
      ...copies(name, objective, config, steps, observations, now),
    ]);
  },
});

function recoveryPoint(
  objective: string,
  { rpo, jobs, repositories }: Objective,
  config: Config,
  steps: readonly LastStep[],
  observations: readonly Observation[],
): Sample[] {
  if (rpo === undefined) return [];
  const labels = { objective };
  const promised: Sample = { metric: "objectiveRpoPromised", labels, value: rpo };
  const points = [
    ...jobs.map((job) => pointOf(job, config, steps, observations)),
    // Where jobs are named, the repositories are further copies of what they save.
    ...(jobs.length === 0 ? repositories.map((repository) => newestIn(repository, observations)) : []),
  ];
  const known = points.filter((at) => at !== null);
  if (known.length < points.length || known.length === 0) return [promised];
  return [promised, { metric: "objectiveRpoActual", labels, since: Math.min(...known) }];
}

/** The newest place of a job that holds all of its parts: what it has uploaded to one bucket in three steps is as old as the oldest of them. */
function pointOf(
  job: string,
  config: Config,
  steps: readonly LastStep[],
  observations: readonly Observation[],
): number | null {
  // Where a job backs up, its snapshots are a means; where it does not, they are what it promises.
  const declared = config.jobs[job]?.steps.map(({ uses }) => uses) ?? [];
  const kinds = declared.every((uses) => uses.startsWith("snapshot.") || uses.startsWith("prune."))
    ? ["snapshot"]
    : ["backup", "copy"];
  const own = steps.filter((step) => step.job === job && kinds.includes(step.kind));
  const points = [...Map.groupBy(own, ({ target }) => target).values()].map((parts) =>
    parts.some((part) => proofOf(part, observations)?.state === "disagrees")
      ? null
      : Math.min(...parts.map(({ runStartedAt }) => runStartedAt / 1000)),
  );
  const known = points.filter((at) => at !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function newestIn(repository: string, observations: readonly Observation[]): number | null {
  const look = lastLook(observations, "repository", repository);
  const times = (look?.artifacts ?? []).filter(({ subject }) => subject === repository).map(({ at }) => at);
  return times.length === 0 ? null : Math.max(...times);
}

function recoveryTime(objective: string, { rto, jobs }: Objective, steps: readonly LastStep[]): Sample[] {
  const labels = { objective };
  const promised: Sample[] = rto === undefined ? [] : [{ metric: "objectiveRtoPromised", labels, value: rto }];
  const measured = steps
    .filter(({ job, kind }) => kind === "drill" && jobs.includes(job))
    .map(({ evidence }) => evidence["rto_seconds"])
    .filter((seconds) => typeof seconds === "number");
  if (measured.length === 0) return promised;
  return [...promised, { metric: "objectiveRtoActual", labels, value: Math.max(...measured) }];
}

function copies(
  objective: string,
  promise: Objective,
  config: Config,
  steps: readonly LastStep[],
  observations: readonly Observation[],
  now: number,
): Sample[] {
  const { copies: promised, offsite_copies, jobs, repositories, rpo } = promise;
  if (promised === undefined && offsite_copies === undefined) return [];
  const labels = { objective };
  const found = [
    ...steps.filter(({ job }) => jobs.includes(job)).flatMap((step) => copyOf(step, config, observations)),
    ...repositories.flatMap((name) => {
      const at = newestIn(name, observations);
      return at === null ? [] : copyAt("repository", name, at, config);
    }),
  ].filter(({ at }) => rpo === undefined || now - at <= rpo);
  const places = [...new Map(found.map((copy) => [copy.place, copy])).values()];
  const samples: Sample[] = [
    { metric: "objectiveCopies", labels, value: 1 + places.length },
    { metric: "objectiveOffsite", labels, value: places.filter(({ offsite }) => offsite).length },
    { metric: "objectiveMedia", labels, value: 1 + new Set(places.map(({ medium }) => medium)).size },
  ];
  if (promised !== undefined) samples.push({ metric: "objectiveCopiesPromised", labels, value: promised });
  if (offsite_copies !== undefined) {
    samples.push({ metric: "objectiveOffsitePromised", labels, value: offsite_copies });
  }
  return samples;
}

/** A snapshot on the same filesystem is lost with it: it is no copy. */
function copyOf(step: LastStep, config: Config, observations: readonly Observation[]): Copy[] {
  const claim = claimOf(step);
  if (claim === null || claim.kind === "subvolume" || proofOf(step, observations)?.state !== "proven") return [];
  return copyAt(claim.kind, claim.subject, step.runStartedAt / 1000, config);
}

function copyAt(kind: Exclude<Claim["kind"], "subvolume">, name: string, at: number, config: Config): Copy[] {
  const declared = kind === "repository" ? config.repositories[name] : config.destinations[name];
  if (!declared) return [];
  return [{ place: `${kind} ${name}`, medium: declared.medium ?? name, offsite: declared.offsite, at }];
}
