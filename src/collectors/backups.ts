import type { LastStep } from "../ledger/ledger.ts";
import type { Observation, Sample } from "../model/sample.ts";
import { defineLiveCollector, lastLook } from "./collector.ts";

/**
 * What jobs say they left behind, held against what was seen: a claim that nobody else can see is not proven. Where nothing looks, or
 * nothing has looked since, the series is absent: unknown is neither proven nor refuted.
 */
export const backups = defineLiveCollector({
  name: "backups",
  summary: "Last successful snapshot, backup and prune step of each job, and whether its artifact was also seen.",
  live: true,
  collect({ ledger }) {
    const observations = ledger.observations();
    return ledger.lastSteps().flatMap((step) => samplesOf(step, observations));
  },
});

function samplesOf(step: LastStep, observations: readonly Observation[]): Sample[] {
  const { job, target } = step;
  const at = step.finishedAt / 1000;
  if (step.kind === "prune") return [{ metric: "pruneLastSuccess", labels: { subject: target }, value: at }];
  const samples: Sample[] = [];
  if (step.kind === "backup") {
    samples.push({ metric: "backupNewest", labels: { job, target }, value: at });
    if (step.bytes !== null) samples.push({ metric: "backupSize", labels: { job, target }, value: step.bytes });
  }
  const proven = wasSeen(step, observations);
  if (proven !== null) samples.push({ metric: "jobProven", labels: { job, target }, value: proven ? 1 : 0 });
  return samples;
}

/** @returns null while nothing has looked at the target since the step ended */
export function wasSeen(
  { kind, target, evidence, finishedAt }: LastStep,
  observations: readonly Observation[],
): boolean | null {
  const claim = kind === "snapshot" ? evidence["path"] : evidence["snapshot_id"];
  const look = lastLook(observations, kind === "snapshot" ? "subvolume" : "repository", target);
  if (typeof claim !== "string" || look === null || (look.observedAt ?? 0) * 1000 < finishedAt) return null;
  const own = look.artifacts.filter((seen) => seen.subject === target);
  // restic 0.14 reports the first 8 characters of an id; a path is the whole path.
  return own.some(({ name }) => (kind === "snapshot" ? name === claim : name.startsWith(claim)));
}
