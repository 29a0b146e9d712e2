/**
 * The one catalogue: every metric that pantheros may ever publish. Prometheus, DogStatsD and JSON render from it; the metric tables of the docs
 * are generated from it. The Datadog names, types and units of the seeds are a contract.
 */
export interface MetricDefinition {
  /** Prometheus name, in base units. Counters end in `_total`. */
  readonly prometheus: string;
  /** Datadog name; its unit may differ from Prometheus', see `datadogUnit`. */
  readonly datadog: string;
  readonly type: "gauge" | "counter";
  /** Unit of the stored value. */
  readonly unit: "seconds" | "bytes" | "ratio" | "timestamp" | "usd" | "count" | "boolean" | "status";
  /** What Datadog shows instead: hours for seconds, percent for ratios. */
  readonly datadogUnit?: "hours" | "percent";
  /** Besides `host`, which every series carries. A closed set: nothing with an unbounded number of values. */
  readonly labels: readonly string[];
  readonly help: string;
}

export const metrics = {
  // Snapshots
  snapshotCreated: counter(
    "snapshot_created",
    "snapshot.created",
    ["subvol"],
    "Snapshots that jobs created and proved.",
  ),
  snapshotFailed: counter(
    "snapshot_failed",
    "snapshot.failed",
    ["subvol", "reason"],
    "Snapshots that jobs could not create, by reason.",
  ),
  snapshotAge: {
    ...gauge(
      "snapshot_age_seconds",
      "snapshot.age",
      "seconds",
      ["subvol"],
      "Age of the newest snapshot that exists, whatever made it.",
    ),
    datadogUnit: "hours",
  },
  snapshotCount: gauge(
    "snapshots",
    "snapshot.count",
    "count",
    ["subvol", "type"],
    "Snapshots that exist, by retention tier that holds them (all: every one).",
  ),
  snapshotSize: gauge(
    "snapshot_size_bytes",
    "snapshot.size",
    "bytes",
    ["subvol"],
    "Bytes that only the snapshots of a subvolume hold (exclusive).",
  ),
  snapshotNewest: gauge(
    "snapshot_newest_timestamp_seconds",
    "snapshot.newest",
    "timestamp",
    ["subvol"],
    "Creation time of the newest snapshot that exists.",
  ),
  // Backups
  backupCompleted: counter(
    "backup_completed",
    "backup.completed",
    ["job", "target"],
    "Backup steps that succeeded and showed their artifact.",
  ),
  backupFailed: counter(
    "backup_failed",
    "backup.failed",
    ["job", "target", "reason"],
    "Backup steps that did not succeed, by reason.",
  ),
  backupDuration: gauge(
    "backup_duration_seconds",
    "backup.duration",
    "seconds",
    ["job"],
    "Duration of the job's last finished run that was not skipped.",
  ),
  backupSize: gauge(
    "backup_size_bytes",
    "backup.size",
    "bytes",
    ["job", "target"],
    "Bytes that the last successful backup step covered.",
  ),
  backupNewest: gauge(
    "backup_newest_timestamp_seconds",
    "backup.newest",
    "timestamp",
    ["job", "target"],
    "When the newest proven artifact of a job at a target was made.",
  ),
  b2Cost: gauge(
    "b2_cost_month_to_date_usd",
    "backup.b2.cost",
    "usd",
    ["bucket"],
    "Estimated cost of a B2 bucket in this month so far.",
  ),
  // Jobs
  jobLastStart: gauge(
    "job_last_start_timestamp_seconds",
    "job.last_start",
    "timestamp",
    ["job"],
    "When the job's last run started.",
  ),
  jobLastFinish: gauge(
    "job_last_finish_timestamp_seconds",
    "job.last_finish",
    "timestamp",
    ["job"],
    "When the job's last run finished, however it ended.",
  ),
  jobLastSuccess: gauge(
    "job_last_success_timestamp_seconds",
    "job.last_success",
    "timestamp",
    ["job"],
    "When the job last succeeded; absent if never.",
  ),
  jobNextRun: gauge(
    "job_next_run_timestamp_seconds",
    "job.next_run",
    "timestamp",
    ["job"],
    "When the schedule next starts the job.",
  ),
  jobOverdue: gauge(
    "job_overdue_seconds",
    "job.overdue",
    "seconds",
    ["job"],
    "Seconds since the job should have succeeded (schedule and grace); 0 while it is in time.",
  ),
  jobRunning: gauge("job_running", "job.running", "boolean", ["job"], "1 while a run of the job is alive."),
  jobProgress: gauge(
    "job_progress_ratio",
    "job.progress",
    "ratio",
    ["job"],
    "How far the running step says it is; absent where the tool does not tell.",
  ),
  jobOutcome: gauge(
    "job_last_outcome",
    "job.last_outcome",
    "boolean",
    ["job", "outcome"],
    "1 for the outcome of the job's last finished run (never: no run finished yet).",
  ),
  jobConsecutiveFailures: gauge(
    "job_consecutive_failures",
    "job.consecutive_failures",
    "count",
    ["job"],
    "Failed runs since the last success.",
  ),
  jobRuns: counter(
    "job_runs",
    "job.runs",
    ["job", "outcome", "reason"],
    "Finished runs by outcome and reason (none: success).",
  ),
  jobLost: counter(
    "job_lost_runs",
    "job.lost_runs",
    ["job", "reason"],
    "Runs whose process was gone before it could say how it ended.",
  ),
  jobUnjournaled: counter(
    "job_unjournaled_runs",
    "job.unjournaled_runs",
    ["job"],
    "Runs that were made although the ledger could not be written.",
  ),
  jobExpectedDuration: gauge(
    "job_expected_duration_seconds",
    "job.expected_duration",
    "seconds",
    ["job"],
    "Duration that the configuration expects of the job.",
  ),
  jobProven: gauge(
    "job_proven",
    "job.proven",
    "boolean",
    ["job", "target"],
    "1 when the newest artifact that the job claims was also seen independently.",
  ),
  jobProof: gauge(
    "job_proof",
    "job.proof",
    "boolean",
    ["job", "target", "state"],
    "1 for what holds of the newest artifacts that the job claims: proven, unproven (nobody has looked since) or disagrees.",
  ),
  // Checks and drills
  checkLastSuccess: gauge(
    "check_last_success_timestamp_seconds",
    "check.last_success",
    "timestamp",
    ["job", "target"],
    "When what is stored was last read back and found whole.",
  ),
  checkCoverage: gauge(
    "check_coverage_ratio",
    "check.coverage",
    "ratio",
    ["job", "target"],
    "Share of what is stored that was read back within the check's window.",
  ),
  drillLastSuccess: gauge(
    "drill_last_success_timestamp_seconds",
    "drill.last_success",
    "timestamp",
    ["job", "target"],
    "When a restore was last made, used and found right.",
  ),
  drillRto: gauge(
    "drill_recovery_seconds",
    "drill.recovery",
    "seconds",
    ["job", "target"],
    "How long the last successful drill took from nothing to usable data.",
  ),
  drillBytes: gauge(
    "drill_restored_bytes",
    "drill.restored",
    "bytes",
    ["job", "target"],
    "What the last successful drill restored.",
  ),
  // Destinations
  destinationReachable: gauge(
    "destination_reachable",
    "destination.reachable",
    "boolean",
    ["destination"],
    "1 when the destination could be opened and listed at the last look.",
  ),
  destinationArtifacts: gauge(
    "destination_artifacts",
    "destination.artifacts",
    "count",
    ["destination"],
    "Newest artifacts of the jobs that were found at the destination.",
  ),
  // Retention
  retentionCompliant: gauge(
    "retention_compliant",
    "retention.compliant",
    "boolean",
    ["subject", "policy"],
    "1 when what exists is what the policy promises.",
  ),
  retentionExpected: gauge(
    "retention_expected",
    "retention.expected",
    "count",
    ["subject", "tier"],
    "Periods of a tier that must hold an artifact by now.",
  ),
  retentionPresent: gauge(
    "retention_present",
    "retention.present",
    "count",
    ["subject", "tier"],
    "Expected periods of a tier that do hold one.",
  ),
  retentionMissing: gauge(
    "retention_missing",
    "retention.missing",
    "count",
    ["subject", "tier"],
    "Expected periods of a tier that hold none.",
  ),
  retentionExcess: gauge(
    "retention_excess",
    "retention.excess",
    "count",
    ["subject"],
    "Artifacts that no tier holds, older than the policy's slack: pruning has stopped.",
  ),
  retentionOldest: gauge(
    "retention_oldest_age_seconds",
    "retention.oldest_age",
    "seconds",
    ["subject"],
    "Age of the oldest artifact.",
  ),
  pruneLastSuccess: gauge(
    "prune_last_success_timestamp_seconds",
    "prune.last_success",
    "timestamp",
    ["subject"],
    "When pruning of a subvolume or repository last succeeded.",
  ),
  // Objectives
  objectiveRpoPromised: gauge(
    "objective_rpo_promised_seconds",
    "objective.rpo.promised",
    "seconds",
    ["objective"],
    "Recovery point objective: the data loss that is promised at most.",
  ),
  objectiveRpoActual: gauge(
    "objective_rpo_actual_seconds",
    "objective.rpo.actual",
    "seconds",
    ["objective"],
    "Age of the oldest of the objective's newest proven backups.",
  ),
  objectiveRtoPromised: gauge(
    "objective_rto_promised_seconds",
    "objective.rto.promised",
    "seconds",
    ["objective"],
    "Recovery time objective: how long a restore may take at most.",
  ),
  objectiveRtoActual: gauge(
    "objective_rto_actual_seconds",
    "objective.rto.actual",
    "seconds",
    ["objective"],
    "The longest recovery time that the objective's drills measured last; absent without one.",
  ),
  objectiveCopiesPromised: gauge(
    "objective_copies_promised",
    "objective.copies.promised",
    "count",
    ["objective"],
    "Copies that must exist, the original among them.",
  ),
  objectiveCopies: gauge(
    "objective_copies",
    "objective.copies",
    "count",
    ["objective"],
    "Copies of the data, the original among them; a copy counts when its own place has listed it and it is fresh enough.",
  ),
  objectiveOffsitePromised: gauge(
    "objective_offsite_copies_promised",
    "objective.offsite_copies.promised",
    "count",
    ["objective"],
    "Offsite copies that must exist.",
  ),
  objectiveOffsite: gauge(
    "objective_offsite_copies",
    "objective.offsite_copies",
    "count",
    ["objective"],
    "Copies that are offsite.",
  ),
  objectiveMedia: gauge(
    "objective_media",
    "objective.media",
    "count",
    ["objective"],
    "Different media that hold a copy, that of the original among them.",
  ),
  // Disks
  diskUsage: {
    ...gauge(
      "disk_usage_ratio",
      "disk.usage",
      "ratio",
      ["device"],
      "Share of the filesystem's capacity in use, as the filesystem itself counts it.",
    ),
    datadogUnit: "percent",
  },
  diskSize: gauge("disk_size_bytes", "disk.size", "bytes", ["device"], "Capacity of the filesystem."),
  diskUnallocated: gauge(
    "btrfs_unallocated_bytes",
    "btrfs.unallocated",
    "bytes",
    ["device"],
    "Bytes of the Btrfs filesystem that no chunk holds yet.",
  ),
  btrfsAllocation: gauge(
    "btrfs_allocation_used_ratio",
    "btrfs.allocation.used",
    "ratio",
    ["device", "type"],
    "Used share of the allocated chunks of a type; metadata near 1 with nothing unallocated is full.",
  ),
  btrfsBalance: gauge("btrfs_balance_status", "btrfs.balance", "status", ["device"], "0: none, 1: running, 2: paused."),
  btrfsDeviceErrors: counter(
    "btrfs_device_errors",
    "btrfs.device.errors",
    ["device", "kind"],
    "Errors that Btrfs counted on the filesystem's devices, by kind.",
  ),
  // Repositories
  repositoryReachable: gauge(
    "repository_reachable",
    "repository.reachable",
    "boolean",
    ["repository"],
    "1 when the repository could be opened and listed at the last look.",
  ),
  repositorySnapshots: gauge(
    "repository_snapshots",
    "repository.snapshots",
    "count",
    ["repository"],
    "Snapshots in the repository.",
  ),
  repositoryNewest: gauge(
    "repository_newest_snapshot_timestamp_seconds",
    "repository.newest_snapshot",
    "timestamp",
    ["repository", "snapshot_host"],
    "Time of the newest snapshot of a host in the repository.",
  ),
  repositoryLocks: gauge("repository_locks", "repository.locks", "count", ["repository"], "Locks in the repository."),
  // Ourselves
  collectorSuccess: gauge(
    "collector_success",
    "collector.success",
    "boolean",
    ["collector"],
    "1 when the collector's last look succeeded.",
  ),
  collectorDuration: gauge(
    "collector_duration_seconds",
    "collector.duration",
    "seconds",
    ["collector"],
    "How long the collector's last look took.",
  ),
  collectorLastSuccess: gauge(
    "collector_last_success_timestamp_seconds",
    "collector.last_success",
    "timestamp",
    ["collector"],
    "When the collector last succeeded: the time that its values are true for.",
  ),
  ledgerSize: gauge(
    "ledger_size_bytes",
    "ledger.size",
    "bytes",
    [],
    "Size of the ledger's file with its write-ahead log.",
  ),
  ledgerWriteErrors: counter(
    "ledger_write_errors",
    "ledger.write_errors",
    [],
    "Runs and observations that could not be written to the ledger at first.",
  ),
  buildInfo: gauge(
    "build_info",
    "build.info",
    "boolean",
    ["version", "node"],
    "1; version of pantheros and of Node.js.",
  ),
  configInfo: gauge("config_info", "config.info", "boolean", ["hash"], "1; short hash of the configuration in force."),
  dogstatsdDropped: counter(
    "dogstatsd_dropped_packets",
    "dogstatsd.dropped",
    [],
    "DogStatsD packets that could not be handed over.",
  ),
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metrics;
/** The labels of a metric, without `host`, which is added when it is rendered. */
export type Labels<M extends MetricName> = Readonly<Record<(typeof metrics)[M]["labels"][number], string>>;

export const metricNames = Object.keys(metrics) as MetricName[];

/** The value in the unit that Datadog shows. */
export function toDatadogUnit(definition: MetricDefinition, value: number): number {
  if (definition.datadogUnit === "hours") return value / 3600;
  if (definition.datadogUnit === "percent") return value * 100;
  return value;
}

function counter<const L extends readonly string[], const D extends string>(
  prometheus: string,
  datadog: D,
  labels: L,
  help: string,
) {
  return {
    prometheus: `pantheros_${prometheus}_total`,
    datadog: `pantheros.${datadog}`,
    type: "counter",
    unit: "count",
    labels,
    help,
  } as const;
}

function gauge<const L extends readonly string[], const U extends MetricDefinition["unit"]>(
  prometheus: string,
  datadog: string,
  unit: U,
  labels: L,
  help: string,
) {
  return {
    prometheus: `pantheros_${prometheus}`,
    datadog: `pantheros.${datadog}`,
    type: "gauge",
    unit,
    labels,
    help,
  } as const;
}
