import type { Config } from "../../config/schema.ts";
import type {
  DrillResult,
  ObjectiveEvidence,
  RecoveryPoint,
  RetentionOfSubject,
} from "../../model/objective/objective.ts";
import type { SubjectKind } from "../collector.ts";
import { kindsThatSave, subjectsOf } from "../declared/subjects.ts";
import { type KnownState, newestIn, type Objective } from "../known-state.ts";
import { samplesOf } from "../look-index.ts";
import { type SeenStep, seenSteps } from "../seen-step.ts";
import { placesOf } from "./copies.ts";

/** What is promised of a data set and what the ledger knows of it, ready to be judged. Costs a few reads of the ledger. */
export function evidenceOf(name: string, objective: Objective, state: KnownState): ObjectiveEvidence {
  const { rpo, rto, copies, offsite_copies: offsite, budget_usd_per_month: budget } = objective;
  return {
    rpo: rpo === undefined ? null : { promised: rpo, points: recoveryPoints(objective, state) },
    rto:
      rto === undefined ? null : { promised: rto, within: objective.drill_within, drills: drillsOf(objective, state) },
    copies:
      copies === undefined && offsite === undefined ? null : { promised: copies ?? null, offsite: offsite ?? null },
    places: placesOf(objective, state),
    retention: retentionOf(objective, state),
    budget: budget === undefined ? null : { promised: budget, ...budgetUsed(name, budget, state) },
  };
}

/**
 * The recovery point is as old as the oldest of the newest backups of the jobs that together protect the data. Where jobs are named that save
 * something, the repositories are further copies of it.
 */
function recoveryPoints({ jobs, repositories }: Objective, state: KnownState): RecoveryPoint[] {
  const saving = jobs.filter((job) => kindsThatSave(state.config.jobs[job] ?? { steps: [] }).length > 0);
  if (saving.length > 0) return saving.map((job) => pointOfJob(job, state));
  return repositories.map((name) => {
    const at = newestIn(name, state.observations);
    const why = at === null ? "nobody has seen a snapshot in it" : "its newest snapshot";
    return { source: `repository ${name}`, at, why, missingSince: null };
  });
}

/** The newest place of a job that holds all of its parts: what it has uploaded to one bucket in three steps is as old as the oldest of them. */
function pointOfJob(job: string, state: KnownState): RecoveryPoint {
  const source = `job ${job}`;
  const kinds = kindsThatSave(state.config.jobs[job] ?? { steps: [] });
  const steps = state.steps.filter((step) => step.job === job && kinds.includes(step.kind));
  if (steps.length === 0) {
    const declaredAt = state.jobStates.find((known) => known.job === job)?.declaredAt;
    const missingSince = declaredAt === undefined ? null : declaredAt / 1000;
    return { source, at: null, why: "no backup of it is journaled", missingSince };
  }
  const places = [...Map.groupBy(seenSteps(steps, state), ({ step }) => step.target).values()].map(oldestOf);
  const best = places.reduce((newest, place) => ((place.at ?? 0) > (newest.at ?? 0) ? place : newest));
  return { source, ...best, missingSince: null };
}

function oldestOf(parts: readonly SeenStep[]): Pick<RecoveryPoint, "at" | "why"> {
  const gone = parts.find(({ usable }) => usable === null);
  if (gone) return { at: null, why: gone.proof?.why ?? "nothing is known of it" };
  const oldest = parts.reduce((least, part) => ((part.usable?.at ?? 0) < (least.usable?.at ?? 0) ? part : least));
  return { at: oldest.usable?.at ?? null, why: oldest.usable?.why ?? "" };
}

/** Each declared drill of its jobs: the last success, and a failure since. */
function drillsOf({ jobs }: Objective, state: KnownState): DrillResult[] {
  return jobs.flatMap((job) => {
    const ids = new Set(state.steps.filter((step) => step.job === job && step.kind === "drill").map(({ id }) => id));
    const succeeded = state.steps.filter((step) => step.job === job && ids.has(step.id));
    const declares = state.config.jobs[job]?.steps.some(({ uses }) => uses.startsWith("drill.")) ?? false;
    const failure = declares || succeeded.length > 0 ? lastFailure(job, state) : null;
    if (succeeded.length === 0) {
      return declares ? [{ job, at: null, seconds: null, estimated: false, failure }] : [];
    }
    return succeeded.map(({ finishedAt, evidence }): DrillResult => {
      const seconds = evidence["rto_seconds"];
      return {
        ...{ job, at: finishedAt / 1000, failure, estimated: evidence["rto_estimated"] === true },
        seconds: typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0 ? seconds : null,
      };
    });
  });
}

/**
 * The drill that failed in the job's last run. Not `lastAttempts`, for which a drill that a failed run did not come to has failed as well: there
 * it is counted what was to be done and was not, here it is judged how long a restore takes, and of that such a run says nothing.
 */
function lastFailure(job: string, { jobStates, ledger }: KnownState): DrillResult["failure"] {
  const known = jobStates.find((candidate) => candidate.job === job);
  if (!known || known.lastRunId === null || known.lastOutcome === "success") return null;
  const failed = ledger.steps(known.lastRunId).find(({ kind, outcome }) => kind === "drill" && outcome === "failed");
  if (!failed) return null;
  return {
    at: (failed.finishedAt ?? known.lastFinishedAt ?? 0) / 1000,
    why: failed.message ?? failed.reason ?? "unknown",
  };
}

/** The histories that the data set's jobs and repositories write, as far as a policy is promised for them. */
function retentionOf({ jobs, repositories }: Objective, { config, observations }: KnownState): RetentionOfSubject[] {
  const written = jobs.flatMap((job) => (config.jobs[job]?.steps ?? []).flatMap(subjectsOf));
  const all = [...written, ...repositories.map((name) => ["repository", name] as const)];
  const subjects = new Map(all.map(([kind, name]) => [`${kind} ${name}`, [kind, name] as const]));
  return [...subjects.values()].flatMap(([kind, subject]) => {
    const policy = declaredIn(config, kind, subject)?.retention;
    if (policy === undefined) return [];
    const judged = observations.flatMap((look) =>
      samplesOf(look, "retentionCompliant").flatMap(({ labels, value }) =>
        labels.kind === kind && labels.subject === subject && labels.policy === policy
          ? [{ compliant: value === 1, at: look.observedAt }]
          : [],
      ),
    );
    const compliant = judged.length === 0 ? null : judged.every((verdict) => verdict.compliant);
    return [{ subject: `${kind} ${subject}`, policy, compliant, at: judged[0]?.at ?? null }];
  });
}

/** The `cost` collector measures the share that has been used; it is true for the moment of its look. */
function budgetUsed(
  objective: string,
  promised: number,
  { observations }: KnownState,
): { readonly used: number | null; readonly at: number | null } {
  for (const look of observations) {
    for (const { labels, value } of samplesOf(look, "objectiveBudgetUsed")) {
      if (labels.objective === objective && value !== undefined) return { used: value * promised, at: look.observedAt };
    }
  }
  return { used: null, at: null };
}

function declaredIn(
  config: Config,
  kind: SubjectKind,
  name: string,
): { readonly retention?: string | undefined } | undefined {
  const sections = { subvolume: config.subvolumes, repository: config.repositories, destination: config.destinations };
  return Object.hasOwn(sections[kind], name) ? sections[kind][name] : undefined;
}
