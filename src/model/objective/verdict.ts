import { formatDuration } from "../quantity.ts";
import { clockTolerance } from "../time/clock-tolerance.ts";
import type {
  CopyAtPlace,
  Judgement,
  ObjectiveEvidence,
  ObjectivePromise,
  RecoveryPoint,
  Verdict,
} from "./objective.ts";

/** The promises of one data set, each judged by itself, in the order of `objectivePromises`. @param now seconds since the epoch */
export function judgeObjective(evidence: ObjectiveEvidence, now: number): Judgement[] {
  const { copies, places } = evidence;
  const offsite = places.filter((place) => place.offsite);
  return [
    judgeRecoveryPoint(evidence.rpo, now),
    judgeRecoveryTime(evidence.rto, now),
    // The original is a copy, and never offsite.
    copies && copies.promised !== null ? judgeCount("copies", copies.promised, 1, places) : null,
    copies && copies.offsite !== null ? judgeCount("offsite", copies.offsite, 0, offsite) : null,
    judgeRetention(evidence.retention),
    judgeBudget(evidence.budget),
  ].filter((judgement) => judgement !== null);
}

function judgeRecoveryPoint(rpo: ObjectiveEvidence["rpo"], now: number): Judgement | null {
  if (rpo === null) return null;
  const { promised, points } = rpo;
  const judged = judgementOf("rpo", promised);
  if (points.length === 0) {
    return judged("unknown", null, null, "none of its jobs makes a backup", "name the jobs that do under `jobs`");
  }
  // One that breaks the promise breaks it, whatever is unknown of the others.
  const missing = points.filter((point) => point.at === null);
  const never = missing.find(({ missingSince }) => missingSince !== null && now - missingSince > promised);
  if (never) return judged("broken", null, null, `${never.source}: ${never.why}`, adviceFor(never.source));
  const { source, at, why } = points.reduce((least, point) => (momentOf(point) < momentOf(least) ? point : least));
  const age = at === null ? 0 : Math.max(0, now - at);
  if (age > promised) {
    const late = `${source}: ${formatDuration(age - promised)} older than promised`;
    return judged("broken", age, at, late, adviceFor(source));
  }
  const [unseen] = missing;
  if (unseen) return judged("unknown", null, null, `${unseen.source}: ${unseen.why}`, adviceFor(unseen.source));
  if (at !== null && at > now + clockTolerance) {
    return judged("unknown", null, at, `${source}: dated in the future`, "compare the clocks of the hosts");
  }
  return judged("holds", age, at, `${source}: ${why}`, null);
}

const momentOf = ({ at }: RecoveryPoint) => at ?? Number.POSITIVE_INFINITY;

function adviceFor(source: string): string {
  const [kind, name] = source.split(" ");
  return kind === "job" ? `pantheros run ${name}` : "pantheros collect";
}

function judgeRecoveryTime(rto: ObjectiveEvidence["rto"], now: number): Judgement | null {
  if (rto === null) return null;
  const { promised, within, drills } = rto;
  const judged = judgementOf("rto", promised);
  if (drills.length === 0) {
    const advice = "add a job with drill.files, drill.archive or drill.restic-postgres to its `jobs`";
    return judged("unknown", null, null, "no drill measures it", advice);
  }
  const failed = drills.find(({ failure }) => failure !== null);
  const known = drills.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
  const measured = known.length === 0 ? null : Math.max(...known);
  const at = Math.min(...drills.map((drill) => drill.at ?? Number.POSITIVE_INFINITY));
  if (failed?.failure) {
    const { at: failedAt, why } = failed.failure;
    return judged(
      "broken",
      measured,
      failedAt,
      `the last drill failed: ${why}`,
      `pantheros explain --job ${failed.job}`,
    );
  }
  const estimated = drills.some((drill) => drill.estimated) ? ", reckoned from a part" : "";
  if (measured !== null && measured > promised) {
    const longer = `a drill took ${formatDuration(measured - promised)} longer than promised${estimated}`;
    return judged("broken", measured, at, longer, "see what took so long: pantheros objectives NAME");
  }
  const never = drills.find((drill) => drill.seconds === null || drill.at === null);
  if (never) {
    const { job } = never;
    return judged("unknown", measured, null, `the drill of job ${job} has never measured it`, `pantheros run ${job}`);
  }
  if (now - at > within) {
    const old = drills.find((drill) => drill.at === at);
    const why = `the last drill is ${formatDuration(now - at)} old; it proves nothing after ${formatDuration(within)}`;
    return judged("unknown", measured, at, why, `pantheros run ${old?.job ?? "JOB"}`);
  }
  return judged("holds", measured, at, `measured by a restore that was used${estimated}`, null);
}

function judgeCount(
  promise: "copies" | "offsite",
  promised: number,
  original: number,
  places: readonly CopyAtPlace[],
): Judgement {
  const judged = judgementOf(promise, promised);
  const proven = places.filter(({ state }) => state === "proven");
  const waiting = places.filter(({ state }) => state === "unproven");
  const count = original + proven.length;
  const times = proven.flatMap(({ at }) => (at === null ? [] : [at]));
  const at = times.length === 0 ? null : Math.min(...times);
  const seen = proven.length === 0 ? "no further place has shown it" : proven.map(({ place }) => place).join(", ");
  if (count >= promised) return judged("holds", count, at, original === 1 ? `the original, ${seen}` : seen, null);
  const missing = places.filter(({ state }) => state !== "proven").map(({ place, why }) => `${place}: ${why}`);
  const why = missing.length === 0 ? seen : missing.join("; ");
  // Those that nobody has looked at since could make up for it: neither kept nor broken.
  if (count + waiting.length >= promised)
    return judged("unknown", count, at, why, "run its jobs, then pantheros collect");
  const advice =
    missing.length === 0
      ? "add a place: a job that copies it, or a repository"
      : "run its jobs, then pantheros collect";
  return judged("broken", count, at, why, advice);
}

function judgeRetention(subjects: ObjectiveEvidence["retention"]): Judgement | null {
  if (subjects.length === 0) return null;
  const judged = judgementOf("retention", null);
  const times = subjects.flatMap(({ at }) => (at === null ? [] : [at]));
  const at = times.length === 0 ? null : Math.min(...times);
  const named = (wanted: boolean | null) =>
    subjects.filter(({ compliant }) => compliant === wanted).map(({ subject, policy }) => `${subject} (${policy})`);
  const [broken, unknown] = [named(false), named(null)];
  if (broken.length > 0) return judged("broken", null, at, `not kept by ${broken.join(", ")}`, "pantheros retention");
  if (unknown.length > 0) return judged("unknown", null, at, `not judged: ${unknown.join(", ")}`, "pantheros collect");
  return judged("holds", null, at, `kept by ${named(true).join(", ")}`, null);
}

function judgeBudget(budget: ObjectiveEvidence["budget"]): Judgement | null {
  if (budget === null) return null;
  const { promised, used, at } = budget;
  const judged = judgementOf("budget", promised);
  if (used === null)
    return judged("unknown", null, null, "its cost is not known", "pantheros cost says what is missing");
  if (used > promised) return judged("broken", used, at, "more than promised", "pantheros cost");
  const share = promised > 0 ? `${Math.round((used / promised) * 100)} % of it used` : "nothing used";
  return judged("holds", used, at, share, null);
}

function judgementOf(promise: ObjectivePromise, promised: number | null) {
  return (
    verdict: Verdict,
    measured: number | null,
    at: number | null,
    why: string,
    advice: string | null,
  ): Judgement => ({ promise, verdict, promised, measured, at, why, advice });
}
