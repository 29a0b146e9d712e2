import type { Config } from "../../config/schema.ts";
import type { Artifact, Observation } from "../../model/samples/sample.ts";
import { lastLook } from "../collector.ts";
import { declaredSeries } from "../declared/series.ts";
import { artifactsOf, samplesOf } from "../look-index.ts";
import type { RetentionSubject } from "./promises.ts";

/** What the last look at a subject saw of it, as a whole or not at all. */
export interface SubjectLook {
  /** Seconds since the epoch; null: nothing has ever looked. */
  readonly observedAt: number | null;
  /** Why nothing is known of it; null: all of it was seen. */
  readonly unknown: string | null;
  readonly artifacts: readonly Artifact[];
  /** Of a destination: the series that were looked for. */
  readonly series: readonly string[];
}

const collectorOf = { subvolume: "snapshots", repository: "restic", destination: "series" } as const;

export function subjectLook(
  subject: RetentionSubject,
  config: Config,
  observations: readonly Observation[],
): SubjectLook {
  const collector = collectorOf[subject.kind];
  const observation = observations.find((candidate) => candidate.collector === collector);
  const nothing = { observedAt: null, artifacts: [], series: [] };
  if (config.collectors[collector]?.enabled === false) {
    return { ...nothing, unknown: `the collector ${collector} is switched off` };
  }
  if (observation === undefined) return { ...nothing, unknown: "never looked: run pantheros collect" };
  const { observedAt, error } = observation;
  const own = artifactsOf(observation, subject.subject);
  if (subject.kind === "destination") {
    const series = declaredSeries(config).flatMap(({ destination, name }) =>
      destination === subject.subject ? [name] : [],
    );
    if (series.length === 0)
      return { ...nothing, unknown: "no step leaves anything there that has a time in its name" };
    const unseen = series.find((name) => !isSeriesSeen(subject.subject, name, observation));
    if (unseen === undefined) return { observedAt, unknown: null, artifacts: own, series };
    return { ...nothing, unknown: notReached(error, unseen) };
  }
  if (lastLook(observations, subject.kind, subject.subject) === null) {
    return { ...nothing, unknown: notReached(error, subject.subject) };
  }
  return { observedAt, unknown: null, artifacts: own, series: [] };
}

function isSeriesSeen(destination: string, series: string, look: Observation): boolean {
  return samplesOf(look, "destinationSeries").some(
    ({ labels }) => labels.destination === destination && labels.series === series,
  );
}

function notReached(error: string | null, name: string): string {
  return error === null
    ? `never looked at ${name}: run pantheros collect`
    : `the last look did not get there: ${error}`;
}
