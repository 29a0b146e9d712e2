import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { JsonValue, Measurement } from "../model/measurement.ts";
import type { subjectKinds } from "../model/metrics/label-values.ts";
import type { Artifact, Observation, Sample } from "../model/samples/sample.ts";
import type { Secret } from "../model/secret.ts";
import type { Execute } from "../tools/exec.ts";
import { oncePerLook, samplesOf } from "./look-index.ts";

export interface CollectorContext {
  readonly config: Config;
  /** Read only by convention: collectors write nothing, `engine/collect` saves what they return. */
  readonly ledger: Ledger;
  /** Bound to the collector's timeout. */
  readonly execute: Execute;
  readonly signal: AbortSignal;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly readSecret: (reference: SecretReference) => Secret;
  /** What `remember` kept at an earlier look, perhaps in another version: check its shape. Null: nothing. */
  readonly recall: (key: string) => unknown;
  /** Keeps a note of this collector for its next look, at once and durably: the cursor of a scan, an expensive answer. Null forgets it. */
  readonly remember: (key: string, value: JsonValue | null) => void;
}

export interface Collected {
  readonly samples: readonly Sample[];
  /** What was seen to exist; kept with the observation, so that other collectors can judge it. */
  readonly artifacts?: readonly Artifact[];
  /** Points to be added to histories. */
  readonly measurements?: readonly Measurement[];
  /** Parts that could not be looked at; the collector counts as failed, what it did see is kept. */
  readonly problems?: readonly string[];
}

/** What was seen of several subjects, as one look. */
export function asOne(found: readonly Collected[]): Collected {
  return {
    samples: found.flatMap(({ samples }) => samples),
    artifacts: found.flatMap(({ artifacts = [] }) => artifacts),
    measurements: found.flatMap(({ measurements = [] }) => measurements),
    problems: found.flatMap(({ problems = [] }) => problems),
  };
}

/** One way of looking at what really exists. Interval, timeout, duration and success belong to `engine/collect`. */
export interface Collector {
  readonly name: string;
  /** One sentence for help and docs. */
  readonly summary: string;
  /** Default interval, seconds. */
  readonly every: number;
  /** Default time limit, seconds. */
  readonly timeout: number;
  readonly collect: (context: CollectorContext) => Promise<Collected>;
}

/** Gives a collector its type; nothing else happens here. */
export function defineCollector(collector: Collector): Collector {
  return collector;
}

/**
 * A collector that only reads the ledger: it costs nothing, so it is evaluated whenever the state is read and is never older than
 * the ledger itself.
 */
export interface LiveCollector {
  readonly name: string;
  readonly summary: string;
  readonly live: true;
  readonly collect: (context: Pick<CollectorContext, "config" | "ledger" | "now">) => readonly Sample[];
}

/** Gives a live collector its type; nothing else happens here. */
export function defineLiveCollector(collector: LiveCollector): LiveCollector {
  return collector;
}

export type AnyCollector = Collector | LiveCollector;

/** What can be seen independently: the snapshots of a subvolume, the contents of a repository, what lies at a destination. */
export type SubjectKind = (typeof subjectKinds)[number];

/**
 * The last look at a subject, whichever collector made it; null when nothing has looked, or the look did not reach this subject. Then
 * nothing is known of it, which is neither empty nor well.
 */
export function lastLook(observations: readonly Observation[], kind: SubjectKind, subject: string): Observation | null {
  const [collector] = looks[kind];
  const observation = observations.find((candidate) => candidate.collector === collector);
  return observation && reachedBy(observation).has(subject) ? observation : null;
}

/** Whether somebody has tried to look at things of a kind, wherever they got. */
export function wasTried(observations: readonly Observation[], kind: SubjectKind): boolean {
  const [collector] = looks[kind];
  return observations.some((observation) => observation.collector === collector);
}

/** Each kind's collector counts what it saw; without a count it did not get there. */
const looks = {
  subvolume: ["snapshots", "snapshotCount", "subvol"],
  repository: ["restic", "repositorySnapshots", "repository"],
  destination: ["destinations", "destinationArtifacts", "destination"],
} as const;

const reachedBy = oncePerLook((look) => {
  const [, counts, label] = Object.values(looks).find(([collector]) => collector === look.collector) ?? [];
  if (counts === undefined) return new Set();
  return new Set(samplesOf(look, counts).map(({ labels }) => (labels as Readonly<Record<string, string>>)[label]));
});
