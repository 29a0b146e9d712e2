import { mediaOf } from "../model/objective/measurement.ts";
import type { Judgement, ObjectiveEvidence } from "../model/objective/objective.ts";
import { judgeObjective } from "../model/objective/verdict.ts";
import type { Sample } from "../model/samples/sample.ts";
import { defineLiveCollector } from "./collector.ts";
import { knownState } from "./known-state.ts";
import { evidenceOf } from "./objective-evidence/evidence.ts";

/**
 * What is promised and what holds now. The recovery point is as old as the oldest of the newest backups of the jobs that together protect the
 * data; data is as old as the start of the run that saved it. A job that has never saved anything, or whose newest backup nobody else can
 * see, leaves it unknown. A copy counts when its own place has listed it.
 */
export const objectives = defineLiveCollector({
  name: "objectives",
  summary:
    "Recovery points and times, copies and media promised by the objectives, what is really there, and the verdict.",
  live: true,
  collect({ config, ledger, now }) {
    const state = knownState(config, ledger, now);
    return Object.entries(config.objectives).flatMap(([name, objective]): Sample[] => {
      const evidence = evidenceOf(name, objective, state);
      const judgements = judgeObjective(evidence, now);
      return [...recovery(name, evidence, judgements), ...copies(name, evidence), ...verdicts(name, judgements)];
    });
  },
});

function recovery(objective: string, { rpo, rto }: ObjectiveEvidence, judgements: readonly Judgement[]): Sample[] {
  const labels = { objective };
  const of = (promise: Judgement["promise"]) => judgements.find((judgement) => judgement.promise === promise);
  const samples: Sample[] = [];
  if (rpo) samples.push({ metric: "objectiveRpoPromised", labels, value: rpo.promised });
  const since = of("rpo")?.at ?? null;
  if (since !== null) samples.push({ metric: "objectiveRpoActual", labels, since });
  if (rto) samples.push({ metric: "objectiveRtoPromised", labels, value: rto.promised });
  const measured = of("rto")?.measured ?? null;
  if (measured !== null) samples.push({ metric: "objectiveRtoActual", labels, value: measured });
  return samples;
}

function copies(objective: string, { copies: promised, places }: ObjectiveEvidence): Sample[] {
  if (promised === null) return [];
  const labels = { objective };
  const proven = places.filter(({ state }) => state === "proven");
  const samples: Sample[] = [
    { metric: "objectiveCopies", labels, value: 1 + proven.length },
    { metric: "objectiveOffsite", labels, value: proven.filter(({ offsite }) => offsite).length },
    { metric: "objectiveMedia", labels, value: mediaOf(places) },
  ];
  if (promised.promised !== null) samples.push({ metric: "objectiveCopiesPromised", labels, value: promised.promised });
  if (promised.offsite !== null) samples.push({ metric: "objectiveOffsitePromised", labels, value: promised.offsite });
  return samples;
}

/** What nobody can measure has no series: unknown is neither kept nor broken. */
function verdicts(objective: string, judgements: readonly Judgement[]): Sample[] {
  return judgements.flatMap(({ promise, verdict }): Sample[] =>
    verdict === "unknown"
      ? []
      : [{ metric: "objectiveMet", labels: { objective, promise }, value: verdict === "holds" ? 1 : 0 }],
  );
}
