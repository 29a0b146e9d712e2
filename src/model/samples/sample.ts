import type { Labels, MetricName } from "../metrics.ts";

/**
 * One number of one series. A sample that is an age is stored as the moment it counts from (`since`, seconds since the epoch),
 * and becomes `max(0, now - since)` only when it is rendered: an exporter that has stopped observing must not freeze an age.
 */
export type Sample<M extends MetricName = MetricName> = {
  [Name in M]: { readonly metric: Name; readonly labels: Labels<Name> } & (
    | { readonly value: number; readonly since?: never }
    | { readonly since: number; readonly value?: never }
  );
}[M];

/** The value of a sample at a moment. @param now seconds since the epoch */
export function valueAt(sample: Sample, now: number): number {
  return sample.since === undefined ? sample.value : Math.max(0, now - sample.since);
}

/** A backup or snapshot that was seen to exist, whoever made it. */
export interface Artifact {
  /** What it belongs to: the name of a subvolume, a repository or a destination in the configuration. */
  readonly subject: string;
  /** Path of a snapshot, id of a repository's snapshot, prefix or key at a destination. */
  readonly name: string;
  /** Seconds since the epoch. */
  readonly at: number;
  /** Narrows the subject where one holds several histories: host and paths of a restic snapshot. */
  readonly group?: string;
  /** Of a restic snapshot: the host that it is filed under. */
  readonly host?: string;
  /** Never given to another one, as a name can be: UUID of a Btrfs snapshot. */
  readonly identity?: string;
  /** Of what lies at a destination, and of what a restic snapshot covers: how many files, and how many bytes in all. */
  readonly files?: number;
  readonly bytes?: number;
}

/** What one collector saw the last time it looked. */
export interface Observation {
  readonly collector: string;
  /** Seconds since the epoch of the last look that saw anything: what samples and artifacts are true for; null: never. */
  readonly observedAt: number | null;
  /** Seconds since the epoch of the last look that saw everything; null: never. */
  readonly succeededAt: number | null;
  /** Seconds since the epoch of the last look, whatever came of it. */
  readonly attemptedAt: number;
  readonly durationSeconds: number;
  /** Why the last look failed; null: it succeeded. */
  readonly error: string | null;
  readonly samples: readonly Sample[];
  readonly artifacts: readonly Artifact[];
}

/** Everything known at a moment, ready to be rendered. Partial failure is data. */
export interface StateSnapshot {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly host: string;
  readonly samples: readonly Sample[];
  readonly errors: readonly { readonly collector: string; readonly message: string }[];
}
