import type { Config } from "../../config/schema.ts";
import type { CopyAtPlace } from "../../model/objective/objective.ts";
import { type Claim, claimOf } from "../../model/run/claim.ts";
import { saves, subjectsOf } from "../declared/subjects.ts";
import { type KnownState, newestIn, type Objective } from "../known-state.ts";
import { seenSteps } from "../seen-step.ts";

/**
 * The places besides the original where a data set should be, each once: what its jobs claim there, and the repositories that others fill. A
 * place counts when its own listing has shown the data, fresh enough for the recovery point. A snapshot on the same filesystem is lost with
 * it: it is no copy.
 */
export function placesOf(objective: Objective, state: KnownState): CopyAtPlace[] {
  const claimed = Map.groupBy(claimedPlaces(objective, state), ({ place }) => place);
  const listed = repositoryPlaces(objective, state).filter(({ place }) => !claimed.has(place));
  const known = [...[...claimed.values()].map(together), ...listed];
  const declared = declaredPlaces(objective, state).filter(({ place }) => known.every((copy) => copy.place !== place));
  return [...known, ...new Map(declared.map((copy) => [copy.place, copy])).values()].map((copy) =>
    isLate(copy, objective, state.now) ? { ...copy, state: "late", why: "older than the recovery point allows" } : copy,
  );
}

/** What several steps have left at one place is a copy when each of them is, and as old as the oldest. */
function together(parts: readonly CopyAtPlace[]): CopyAtPlace {
  const worst = parts.reduce((least, part) => (order.indexOf(part.state) < order.indexOf(least.state) ? part : least));
  return { ...worst, at: Math.min(...parts.map(({ at }) => at ?? 0)) };
}

const order: readonly CopyAtPlace["state"][] = ["disagrees", "late", "unproven", "proven"];

function isLate({ state, at }: CopyAtPlace, { rpo }: Objective, now: number): boolean {
  return state !== "disagrees" && at !== null && rpo !== undefined && now - at > rpo;
}

function claimedPlaces({ jobs }: Objective, state: KnownState): CopyAtPlace[] {
  const steps = state.steps.filter(({ job }) => jobs.includes(job));
  return seenSteps(steps, state).flatMap(({ step, proof, shown }) => {
    const claim = claimOf(step);
    if (claim === null || claim.kind === "subvolume" || proof === null) return [];
    const place = placeOf(claim.kind, claim.subject, state.config);
    if (place === null) return [];
    if (shown !== null) return [{ ...place, state: "proven" as const, at: shown.at, why: shown.why }];
    return [{ ...place, state: proof.state, at: step.runStartedAt / 1000, why: proof.why }];
  });
}

/** Where its jobs shall put the data and never have: doubtful at first, and too late once a recovery point should have been there. */
function declaredPlaces({ jobs, rpo }: Objective, { config, jobStates, now }: KnownState): CopyAtPlace[] {
  return jobs.flatMap((job) => {
    const declaredAt = jobStates.find((known) => known.job === job)?.declaredAt;
    const isLate = declaredAt !== undefined && rpo !== undefined && now - declaredAt / 1000 > rpo;
    const steps = (config.jobs[job]?.steps ?? []).filter(saves);
    return steps.flatMap(subjectsOf).flatMap(([kind, name]): CopyAtPlace[] => {
      const place = kind === "subvolume" ? null : placeOf(kind, name, config);
      if (place === null) return [];
      return [
        { ...place, state: isLate ? "late" : "unproven", at: null, why: `job ${job} has never put anything there` },
      ];
    });
  });
}

function repositoryPlaces({ repositories }: Objective, { observations, config }: KnownState): CopyAtPlace[] {
  return repositories.flatMap((name): CopyAtPlace[] => {
    const place = placeOf("repository", name, config);
    if (place === null) return [];
    const at = newestIn(name, observations);
    if (at !== null) return [{ ...place, state: "proven", at, why: "its newest snapshot was listed" }];
    return [{ ...place, state: "unproven", at: null, why: "nobody has seen a snapshot in it" }];
  });
}

function placeOf(kind: Exclude<Claim["kind"], "subvolume">, name: string, config: Config) {
  const declared = kind === "repository" ? config.repositories[name] : config.destinations[name];
  return declared ? { place: `${kind} ${name}`, medium: declared.medium ?? name, offsite: declared.offsite } : null;
}
