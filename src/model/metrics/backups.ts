import { counter, gauge, type MetricDefinition } from "./definition.ts";
import { failureReasons } from "./label-values.ts";

/** Backups. */
export const backups = {
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
    { reason: failureReasons },
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
} as const satisfies Record<string, MetricDefinition>;
