import type { AnyAlert } from "../src/model/alert/alert.ts";
import { backupDisagrees } from "./backup-disagrees.ts";
import { backupSlow } from "./backup-slow.ts";
import { backupUnproven } from "./backup-unproven.ts";
import { backupUnusual } from "./backup-unusual.ts";
import { budgetForecast } from "./budget-forecast.ts";
import { budgetUsed } from "./budget-used.ts";
import { checkOverdue } from "./check-overdue.ts";
import { collectorBehind } from "./collector-behind.ts";
import { collectorFailing } from "./collector-failing.ts";
import { copiesMissing } from "./copies-missing.ts";
import { databaseSnapshotFailed } from "./database-snapshot-failed.ts";
import { destinationUnreachable } from "./destination-unreachable.ts";
import { deviceErrors } from "./device-errors.ts";
import { deviceMissing } from "./device-missing.ts";
import { diskUsage } from "./disk-usage.ts";
import { drillFailed } from "./drill-failed.ts";
import { drillOverdue } from "./drill-overdue.ts";
import { failingRepeatedly } from "./failing-repeatedly.ts";
import { filesystemReadOnly } from "./filesystem-read-only.ts";
import { hostSilent } from "./host-silent.ts";
import { jobFailed } from "./job-failed.ts";
import { jobOverdue } from "./job-overdue.ts";
import { jobPartial } from "./job-partial.ts";
import { layoutViolated } from "./layout-violated.ts";
import { ledgerUnwritable } from "./ledger-unwritable.ts";
import { lockStale } from "./lock-stale.ts";
import { metadataPressure } from "./metadata-pressure.ts";
import { noSuccess } from "./no-success.ts";
import { offsiteCopiesMissing } from "./offsite-copies-missing.ts";
import { recoveryPointMissed } from "./recovery-point-missed.ts";
import { recoveryTimeMissed } from "./recovery-time-missed.ts";
import { repositoryBehind } from "./repository-behind.ts";
import { repositoryUnreachable } from "./repository-unreachable.ts";
import { retentionViolated } from "./retention-violated.ts";
import { runLost } from "./run-lost.ts";
import { scrubErrors } from "./scrub-errors.ts";
import { scrubOverdue } from "./scrub-overdue.ts";
import { scrubRepaired } from "./scrub-repaired.ts";
import { seriesLeftOut } from "./series-left-out.ts";
import { snapshotAge } from "./snapshot-age.ts";
import { snapshotFailed } from "./snapshot-failed.ts";

/** Every alert: one file and one line each. */
export const alerts: readonly AnyAlert[] = [
  backupDisagrees,
  backupSlow,
  backupUnproven,
  backupUnusual,
  budgetForecast,
  budgetUsed,
  checkOverdue,
  collectorBehind,
  collectorFailing,
  copiesMissing,
  databaseSnapshotFailed,
  destinationUnreachable,
  deviceErrors,
  deviceMissing,
  diskUsage,
  drillFailed,
  drillOverdue,
  failingRepeatedly,
  filesystemReadOnly,
  hostSilent,
  jobFailed,
  jobOverdue,
  jobPartial,
  layoutViolated,
  ledgerUnwritable,
  lockStale,
  metadataPressure,
  noSuccess,
  offsiteCopiesMissing,
  recoveryPointMissed,
  recoveryTimeMissed,
  repositoryBehind,
  repositoryUnreachable,
  retentionViolated,
  runLost,
  scrubErrors,
  scrubOverdue,
  scrubRepaired,
  seriesLeftOut,
  snapshotAge,
  snapshotFailed,
];
