import { gauge, type MetricDefinition } from "./definition.ts";

/** Checks and drills. */
export const drills = {
  checkLastSuccess: gauge(
    "check_last_success_timestamp_seconds",
    "check.last_success",
    "timestamp",
    ["job", "target"],
    "When what is stored was last read back and found whole.",
  ),
  checkAge: gauge(
    "check_age_seconds",
    "check.age",
    "seconds",
    ["job", "target"],
    "Time since what is stored was last read back and found whole; since the job was declared, when it never was.",
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
  drillAge: gauge(
    "drill_age_seconds",
    "drill.age",
    "seconds",
    ["job", "target"],
    "Time since a restore was last made, used and found right; since the job was declared, when none ever was.",
  ),
  drillFailing: gauge(
    "drill_failing",
    "drill.failing",
    "boolean",
    ["job", "target"],
    "1 when the last attempt to restore failed, until one succeeds.",
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
} as const satisfies Record<string, MetricDefinition>;
