import type { MetricName } from "../model/metrics.ts";
import type { Artifact, Observation, Sample } from "../model/samples/sample.ts";

/**
 * Derives something from a look once. A look never changes, and the ledger hands out the same one until there is a new one: the state is read at
 * every scrape, and thousands of artifacts are searched for hundreds of claims.
 */
export function oncePerLook<Derived>(derive: (look: Observation) => Derived): (look: Observation) => Derived {
  const known = new WeakMap<Observation, Derived>();
  return (look) => {
    const derived = known.get(look) ?? derive(look);
    known.set(look, derived);
    return derived;
  };
}

const artifactsBySubject = oncePerLook(({ artifacts }) => Map.groupBy(artifacts, ({ subject }) => subject));
const samplesByMetric = oncePerLook(
  ({ samples }): SamplesByMetric => Map.groupBy(samples, ({ metric }) => metric) as SamplesByMetric,
);

interface SamplesByMetric {
  get<Name extends MetricName>(metric: Name): readonly Sample<Name>[] | undefined;
}

/** In the order in which they were seen. */
export function artifactsOf(look: Observation, subject: string): readonly Artifact[] {
  return artifactsBySubject(look).get(subject) ?? [];
}

export function samplesOf<Name extends MetricName>(look: Observation, metric: Name): readonly Sample<Name>[] {
  return samplesByMetric(look).get(metric) ?? [];
}
