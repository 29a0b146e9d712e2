import type { Dashboard } from "../src/model/dashboard/dashboard.ts";
import { backupCost } from "./backup-cost.ts";
import { failureTrend } from "./failure-trend.ts";
import { hostOverview } from "./host-overview.ts";
import { jobDetail } from "./job-detail.ts";
import { objectives } from "./objectives.ts";
import { storageOverTime } from "./storage-over-time.ts";

/** Every dashboard: one file and one line each, in the order in which people need them. */
export const dashboards: readonly Dashboard[] = [
  hostOverview,
  jobDetail,
  failureTrend,
  objectives,
  storageOverTime,
  backupCost,
];
