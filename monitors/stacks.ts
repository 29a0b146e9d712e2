import { count, days, hours, percent } from "../src/model/alert/measure.ts";
import type { Routes, Stack, Thresholds } from "../src/model/alert/stack.ts";

const thresholds: Thresholds = {
  sinceSuccess: hours(36),
  snapshotAge: hours(24),
  diskUsage: percent(85),
  budgetWarning: percent(80),
  budgetCritical: percent(90),
  failures: count(3),
  drillAge: days(35),
  checkAge: days(35),
  scrubAge: days(35),
  lockAge: hours(24),
};

const nobody: Routes = { email: [], chat: [], onCall: [], production: [] };

/** What Alertmanager and Datadog tell whom, for who reads how it looks. */
export const exampleStack: Stack = {
  name: "example",
  thresholds,
  routes: {
    email: ["backups@example.org"],
    chat: ["slack-backups", "discord-backups"],
    onCall: ["pagerduty-backups"],
    production: ["db1", "web1"],
  },
};

/** Single hosts, and a hub whose clients push when they are awake and may miss a night. */
export const stacks: readonly Stack[] = [
  { name: "hosts", thresholds, routes: nobody },
  { name: "cluster", thresholds: { ...thresholds, sinceSuccess: hours(48) }, routes: nobody },
];
