import type { Config } from "../config/schema.ts";
import type { LastStep, Ledger } from "../ledger/ledger.ts";
import { proofStates } from "../model/metrics/label-values.ts";
import type { Observation, Sample } from "../model/samples/sample.ts";
import { defineLiveCollector, type SubjectKind } from "./collector.ts";
import { isDeclared } from "./declared/steps.ts";
import { lastAttempts } from "./last-attempts.ts";
import { proofOf, worstProof } from "./proof.ts";

/**
 * What jobs say they left behind, held against what was seen: a claim that nobody else can see is not proven. Where nothing has looked
 * since, `job_proven` is absent: unknown is neither proven nor refuted.
 */
export const backups = defineLiveCollector({
  name: "backups",
  summary: "Last successful snapshot, backup and prune step of each job, and whether its artifact was also seen.",
  live: true,
  collect({ config, ledger }) {
    const observations = ledger.observations();
    const last = ledger.lastSteps();
    const steps = last.filter((step) => isDeclared(step, config));
    const byTarget = Map.groupBy(steps, ({ job, target }) => JSON.stringify([job, target]));
    return [
      ...[...byTarget.values()].flatMap((own) => samplesOf(own, observations)),
      ...lastPrunings(steps),
      ...failingSnapshots(config, ledger, last),
    ];
  },
});

/** Of each subvolume whichever attempt was the last one, by whatever job. */
function failingSnapshots(config: Config, ledger: Ledger, steps: readonly LastStep[]): Sample[] {
  const bySubvolume = Map.groupBy(lastAttempts("snapshot", config, ledger, steps), ({ target }) => target);
  return [...bySubvolume].map(([subvol, attempts]): Sample => {
    const last = attempts.reduce((newest, attempt) => (attempt.at > newest.at ? attempt : newest));
    const labels = { subvol, holds: config.subvolumes[subvol]?.holds ?? "files" };
    return { metric: "snapshotFailing", labels, value: last.failed ? 1 : 0 };
  });
}

/** What each runner that prunes has as its target. */
export const prunedKinds: Readonly<Record<string, SubjectKind>> = {
  "prune.snapshots": "subvolume",
  "prune.objects": "destination",
  "forget.restic": "repository",
};

/** A subvolume and a repository may have one name, and several jobs may prune one of them. */
function lastPrunings(steps: readonly LastStep[]): Sample[] {
  const prunes = steps.filter(({ uses }) => Object.hasOwn(prunedKinds, uses));
  return [...Map.groupBy(prunes, ({ uses, target }) => `${prunedKinds[uses]} ${target}`).values()].flatMap(
    (own): Sample[] => {
      const [{ uses, target } = { uses: "", target: "" }] = own;
      const kind = prunedKinds[uses];
      return kind ? [{ metric: "pruneLastSuccess", labels: { kind, subject: target }, value: newest(own) }] : [];
    },
  );
}

/** @param steps of one job at one target: three folders may go to the same bucket */
function samplesOf(steps: readonly LastStep[], observations: readonly Observation[]): Sample[] {
  const [{ job, target } = { job: "", target: "" }] = steps;
  const samples: Sample[] = [];
  const made = steps.filter(({ kind }) => kind === "backup" || kind === "copy");
  if (made.length > 0) {
    // Together they are the backup: it is as old as the oldest of them.
    const value = Math.min(...made.map(({ finishedAt }) => finishedAt)) / 1000;
    samples.push({ metric: "backupNewest", labels: { job, target }, value });
    const sizes = made.flatMap(({ bytes }) => (bytes === null ? [] : [bytes]));
    const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
    if (sizes.length > 0) samples.push({ metric: "backupSize", labels: { job, target }, value: size });
  }
  const proof = worstProof(steps.flatMap((step) => proofOf(step, observations) ?? []));
  if (proof === null) return samples;
  for (const state of proofStates) {
    samples.push({ metric: "jobProof", labels: { job, target, state }, value: state === proof.state ? 1 : 0 });
  }
  if (proof.state !== "unproven") {
    samples.push({ metric: "jobProven", labels: { job, target }, value: proof.state === "proven" ? 1 : 0 });
  }
  return samples;
}

function newest(steps: readonly LastStep[]): number {
  return Math.max(...steps.map(({ finishedAt }) => finishedAt)) / 1000;
}
