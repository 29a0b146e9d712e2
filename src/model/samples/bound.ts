import type { MetricDefinition } from "../metrics/definition.ts";
import { type MetricName, metrics } from "../metrics.ts";

/** How many things a host declares, as far as series are counted by them. */
export interface DeclaredSizes {
  readonly jobs: number;
  readonly subvolumes: number;
  readonly repositories: number;
  readonly destinations: number;
  readonly objectives: number;
  readonly buckets: number;
  /** Those that look on an interval of their own. */
  readonly collectors: number;
  /** Subvolumes, repositories and destinations. */
  readonly subjects: number;
  /** Everything that the metric `declared` tells of. */
  readonly declared: number;
  /** Subvolumes, repositories and series at destinations that a policy is promised for. */
  readonly promises: number;
  /** Series of timestamped artifacts at destinations. */
  readonly series: number;
  /** Pairs of a job and a place where it leaves something: a snapshot, a backup, a copy. */
  readonly claims: number;
  /** Pairs of a job and a place that it backs up or copies to. */
  readonly backups: number;
  /** Pairs of a job and a place that it checks. */
  readonly checks: number;
  /** Pairs of a job and a place that it restores from. */
  readonly drills: number;
}

/**
 * How many values a label, or several together, can have. `each`: as many as are declared. `values`: a closed set. `most`: they are found on
 * the machine, and no more than these are published, see `withinBounds`. `counted`: reasons of counters, see `mostCountedReasons`.
 */
export type LabelBound =
  | { readonly each: keyof DeclaredSizes }
  | { readonly values: number }
  | { readonly most: number }
  | { readonly counted: true };

/**
 * Counters are kept for ever, one for each reason that something has ever failed for. Once a ledger holds so many of them, reasons that a job
 * has not had before are counted as `other`: their number stays bounded, and the sums stay right. On a host with ten jobs that is
 * every reason that there is.
 */
export const mostCountedReasons = 400;

const each = (size: keyof DeclaredSizes): LabelBound => ({ each: size });
const one: LabelBound = { values: 1 };
const most = (count: number): LabelBound => ({ most: count });

/** Labels that mean the same wherever they stand. Several names together: the values that one thing has in all of them. */
const bounds: Readonly<Record<string, LabelBound>> = {
  job: each("jobs"),
  subvol: each("subvolumes"),
  repository: each("repositories"),
  destination: each("destinations"),
  objective: each("objectives"),
  bucket: each("buckets"),
  collector: each("collectors"),
  "job,target": each("claims"),
  "repository,job": each("backups"),
  "destination,series": each("series"),
  "kind,subject": each("promises"),
  "kind,subject,policy": each("promises"),
  subject: each("subjects"),
  "kind,name": each("declared"),
  profile: one,
  hash: one,
  "version,node": one,
  reason: { counted: true },
  // A host with more filesystems, or a pool with more devices, is told of in part.
  device: most(12),
  "device,devid": most(40),
  // A hub may hold the repositories of any number of hosts.
  "repository,snapshot_host": most(100),
};

/** Where a label means something else, or is known to have fewer values. */
const exceptions: Readonly<Record<string, LabelBound>> = {
  "snapshotFailing.subvol,holds": each("subvolumes"),
  "jobSuccessAge.job,rhythm": each("jobs"),
  "backupCompleted.job,target": each("backups"),
  "backupSize.job,target": each("backups"),
  "backupNewest.job,target": each("backups"),
  "backupAnomaly.job,target": each("backups"),
  "backupDeviation.job,target": each("backups"),
  "backupFailed.job,target": each("backups"),
  "checkLastSuccess.job,target": each("checks"),
  "checkAge.job,target": each("checks"),
  "checkCoverage.job,target": each("checks"),
  "drillLastSuccess.job,target": each("drills"),
  "drillAge.job,target": each("drills"),
  "drillFailing.job,target": each("drills"),
  "drillRto.job,target": each("drills"),
  "drillBytes.job,target": each("drills"),
};

/** The bounds of a metric's labels; labels that nobody has bounded come back as `unbounded`. */
export function labelBoundsOf(metric: MetricName): {
  readonly bounds: readonly (readonly [labels: readonly string[], bound: LabelBound])[];
  readonly unbounded: readonly string[];
} {
  const { labels, values }: MetricDefinition = metrics[metric];
  const found: [readonly string[], LabelBound][] = [];
  let rest = [...labels];
  // Several labels of one thing before single ones: the longest first.
  for (const names of [...keysFor(metric)].sort((a, b) => b.length - a.length)) {
    if (!names.every((name) => rest.includes(name))) continue;
    const key = names.join(",");
    found.push([names, (exceptions[`${metric}.${key}`] ?? bounds[key]) as LabelBound]);
    rest = rest.filter((label) => !names.includes(label));
  }
  // A closed set has the values that its metric says, and no others.
  for (const label of rest) {
    const closed = values[label];
    if (closed !== undefined) found.push([[label], { values: closed.length }]);
  }
  return { bounds: found, unbounded: rest.filter((label) => values[label] === undefined) };
}

function* keysFor(metric: MetricName): Generator<readonly string[]> {
  for (const key of Object.keys(exceptions)) {
    const [name, labels] = key.split(".") as [string, string];
    if (name === metric) yield labels.split(",");
  }
  for (const key of Object.keys(bounds)) yield key.split(",");
}

/** The most series that a metric can have on a host, those of counted reasons left out: they have a bound of their own. */
export function mostSeriesOf(metric: MetricName, sizes: DeclaredSizes): number {
  return labelBoundsOf(metric).bounds.reduce((product, [, bound]) => {
    if ("each" in bound) return product * sizes[bound.each];
    if ("values" in bound) return product * bound.values;
    return "most" in bound ? product * bound.most : product;
  }, 1);
}

/**
 * Leaves out what is beyond the bounds of labels whose values are found on the machine; the values that come first stay.
 * @param labelled samples of one state, those of a metric in the same order at every reading
 */
export function withinBounds<Labelled extends { readonly metric: MetricName; readonly labels: object }>(
  labelled: readonly Labelled[],
): { readonly kept: readonly Labelled[]; readonly leftOut: number } {
  const seen = new Map<string, Set<string>>();
  const kept = labelled.filter(({ metric, labels }) =>
    foundLabels(metric).every(([names, limit]) => {
      const own = names.map((name) => (labels as Readonly<Record<string, string>>)[name]);
      const key = `${metric} ${names}`;
      const values = seen.get(key) ?? new Set();
      seen.set(key, values);
      const value = JSON.stringify(own);
      if (!values.has(value) && values.size >= limit) return false;
      values.add(value);
      return true;
    }),
  );
  return { kept, leftOut: labelled.length - kept.length };
}

type FoundLabels = readonly (readonly [names: readonly string[], most: number])[];
const foundByMetric = new Map<MetricName, FoundLabels>();

/** Asked for every sample of every page: found out once. */
function foundLabels(metric: MetricName): FoundLabels {
  const known = foundByMetric.get(metric);
  if (known !== undefined) return known;
  const { bounds: all } = labelBoundsOf(metric);
  const found = all.flatMap(([names, bound]) => ("most" in bound ? [[names, bound.most] as const] : []));
  foundByMetric.set(metric, found);
  return found;
}
