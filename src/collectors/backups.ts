import { stepId } from "../config/declaration.ts";
import type { Config } from "../config/schema.ts";
import type { LastStep } from "../ledger/ledger.ts";
import type { Observation, Sample } from "../model/sample.ts";
import { defineLiveCollector } from "./collector.ts";
import { proofOf, proofStates, worstProof } from "./proof.ts";

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
    const steps = ledger.lastSteps().filter((step) => isDeclared(step, config));
    const byTarget = Map.groupBy(steps, ({ job, target }) => JSON.stringify([job, target]));
    return [...byTarget.values()].flatMap((own) => samplesOf(own, observations));
  },
});

/** A step that was taken out of the configuration promises nothing any more. */
function isDeclared({ job, id }: LastStep, config: Config): boolean {
  const steps = Object.hasOwn(config.jobs, job) ? config.jobs[job]?.steps : undefined;
  return steps?.some((step, position) => stepId(step, position) === id) ?? false;
}

/** @param steps of one job at one target: three folders may go to the same bucket */
function samplesOf(steps: readonly LastStep[], observations: readonly Observation[]): Sample[] {
  const [{ job, target } = { job: "", target: "" }] = steps;
  const samples: Sample[] = [];
  const prunes = steps.filter(({ kind }) => kind === "prune");
  if (prunes.length > 0) {
    samples.push({ metric: "pruneLastSuccess", labels: { subject: target }, value: newest(prunes) });
  }
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
