import type { Measurement } from "../measurement.ts";
import { type CopyAtPlace, type Judgement, type ObjectiveEvidence, objectivePromises } from "./objective.ts";

/** Where the hourly measurements of a data set are kept. */
export function seriesOf(objective: string): string {
  return `objectives/${objective}`;
}

/**
 * What is remembered of a data set at a moment, so that a report can tell how it went in a month that is over. `<promise>` is what was measured,
 * `<promise>_promised` what was promised then, `<promise>_met` 1 or 0; `retention/<subject>` 1 or 0. What was unknown is left out.
 */
export function measurementOf(
  objective: string,
  evidence: ObjectiveEvidence,
  judgements: readonly Judgement[],
  at: number,
): Measurement {
  const values: Record<string, number> = {};
  for (const { promise, verdict, promised, measured } of judgements) {
    if (promised !== null) values[`${promise}_promised`] = promised;
    if (measured !== null) values[promise] = measured;
    if (verdict !== "unknown") values[`${promise}_met`] = verdict === "holds" ? 1 : 0;
  }
  for (const { subject, compliant } of evidence.retention) {
    if (compliant !== null) values[`retention/${subject}`] = compliant ? 1 : 0;
  }
  if (evidence.copies) values["media"] = mediaOf(evidence.places);
  return { series: seriesOf(objective), at, values };
}

/** Different media that hold the data, that of the original among them. */
export function mediaOf(places: readonly CopyAtPlace[]): number {
  return 1 + new Set(places.filter(({ state }) => state === "proven").map(({ medium }) => medium)).size;
}

/** The names of values whose changes a report tells, in its order. */
export const toldValues: readonly string[] = objectivePromises.flatMap((promise) => [
  `${promise}_promised`,
  `${promise}_met`,
]);
