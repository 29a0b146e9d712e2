import { highest, howManyAbove, howManyBelow, increase, lowest, total } from "../src/model/alert/expression.ts";
import { metadataLevels, overdueLevels } from "../src/model/alert/levels.ts";
import { count, days, half, seconds } from "../src/model/alert/measure.ts";
import type { Stack, Thresholds } from "../src/model/alert/stack.ts";
import { defineDashboard, type Section } from "../src/model/dashboard/dashboard.ts";
import { bars, column, line, single, table, timeseries, yesNo } from "../src/model/dashboard/widget.ts";
import { failuresColumn, lastOutcomes } from "./parts/runs.ts";

/** None of it should be there at all: as bad as its alert. */
const none = { above: { critical: count(0) } } as const;
const hardly = { above: { warning: count(0) } } as const;

export const hostOverview = defineDashboard({
  id: "host-overview",
  title: "Host overview",
  summary:
    "For who is on call: what is failing, late or unproven now, how old the newest snapshots and backups are, and whether disks will hold.",
  chosen: ["host"],
  looksBack: days(7),
  sections: ({ thresholds }: Stack) => [
    now,
    jobs(thresholds),
    snapshots(thresholds),
    disks(thresholds),
    promises(thresholds),
    places(thresholds),
    ourselves,
  ],
});

const now: Section = {
  title: "Now",
  widgets: [
    single({
      title: "Jobs failing",
      tells: "Jobs whose last runs failed. Each is in the table below.",
      value: howManyAbove(highest("jobConsecutiveFailures", { by: ["host", "job"] }), count(0)),
      judged: none,
    }),
    single({
      title: "Jobs overdue",
      tells: "Jobs that should have succeeded by now, by their schedule and grace; one that never ran is among them.",
      value: howManyAbove(highest("jobOverdue", { by: ["host", "job"] }), seconds(0)),
      judged: hardly,
    }),
    single({
      title: "Backups unproven",
      tells: "Newest backups that a job claims and that nobody has seen where they should be.",
      value: howManyBelow(lowest("jobProven", { by: ["host", "job", "target"] }), half),
      judged: hardly,
    }),
    single({
      title: "Promises broken",
      tells: "Promises of objectives (recovery point, recovery time, copies, retention, budget) that do not hold.",
      value: howManyBelow(lowest("objectiveMet", { by: ["host", "objective", "promise"] }), half),
      judged: none,
    }),
    single({
      title: "Looks failing",
      tells: "Collectors whose last look failed: what they would tell is not known, not fine.",
      value: howManyBelow(lowest("collectorSuccess", { by: ["host", "collector"] }), half),
      judged: hardly,
    }),
    single({
      title: "Hosts that report",
      tells: "A host that is missing here is silent: nothing on this page is about it.",
      value: howManyAbove(highest("buildInfo", { by: ["host"] }), half),
    }),
  ],
};

const jobs = (thresholds: Thresholds): Section => ({
  title: "Jobs",
  widgets: [
    table({
      title: "Jobs, the longest without success first",
      tells: "Age of the last success counts from the declaration where a job has never succeeded.",
      opens: "job-detail",
      columns: [
        column("Since success", highest("jobSuccessAge", { by: ["host", "job"] }), {
          above: { critical: thresholds.sinceSuccess },
        }),
        column("Overdue", highest("jobOverdue", { by: ["host", "job"] }), { above: overdueLevels(thresholds) }),
        failuresColumn("Failures in a row", thresholds),
        column("Running", highest("jobRunning", { by: ["host", "job"] })),
        column("Last took", highest("backupDuration", { by: ["host", "job"] })),
        column("Last finish", highest("jobLastFinish", { by: ["host", "job"] })),
        column("Next run", lowest("jobNextRun", { by: ["host", "job"] })),
      ],
    }),
    lastOutcomes({
      title: "How each job's last run ended",
      tells: "Never: no run has finished yet. Skipped is no success.",
    }),
  ],
});

const snapshots = ({ snapshotAge }: Thresholds): Section => ({
  title: "Snapshots and retention",
  widgets: [
    bars({
      title: "Age of the newest snapshot",
      tells: "Whatever made it. What is not declared is not here.",
      width: 6,
      value: highest("snapshotAge", { by: ["host", "subvol"] }),
      judged: { above: { warning: snapshotAge } },
    }),
    table({
      title: "Retention, the most missing first",
      tells: "Periods that must hold an artifact and do not, and artifacts that no tier holds: pruning has stopped.",
      width: 6,
      columns: [
        column("Missing", total("retentionMissing", { by: ["host", "kind", "subject"] }), hardly),
        column("Too many", highest("retentionExcess", { by: ["host", "kind", "subject"] }), hardly),
        column("As promised", lowest("retentionCompliant", { by: ["host", "kind", "subject"] }), {
          below: { warning: half },
        }),
        column("Looked at", highest("retentionLooked", { by: ["host", "kind", "subject"] })),
      ],
    }),
  ],
});

const disks = ({ diskUsage }: Thresholds): Section => ({
  title: "Disks",
  widgets: [
    single({
      title: "Device errors in a week",
      tells: "Errors that Btrfs counted on devices: read, write, flush, corruption, generation.",
      width: 3,
      value: increase("btrfsDeviceErrors", { by: [], within: days(7) }),
      judged: none,
    }),
    single({
      title: "Devices missing",
      tells: "Devices of a filesystem that are not there.",
      width: 3,
      value: total("btrfsDevicesMissing", { by: [] }),
      judged: none,
    }),
    single({
      title: "Read-only by error",
      tells: "Filesystems that Btrfs has made read-only.",
      width: 3,
      value: howManyAbove(highest("btrfsReadOnly", { by: ["host", "device"] }), half),
      judged: none,
    }),
    single({
      title: "Layout violations",
      tells: "Subvolumes and filesystems that are not as the layout asks: pantheros audit.",
      width: 3,
      value: total("layoutViolations", { by: [] }),
      judged: hardly,
    }),
    timeseries({
      title: "Disk usage",
      tells: "A full filesystem stops snapshots first, and then whatever writes.",
      width: 6,
      lines: [line(highest("diskUsage", { by: ["host", "device"] }))],
      judged: { above: { critical: diskUsage } },
    }),
    bars({
      title: "Metadata pressure of Btrfs",
      tells: "At 100 % nothing can be written although the disk seems to have room: balance before that.",
      width: 6,
      value: highest("btrfsMetadataPressure", { by: ["host", "device"] }),
      judged: { above: metadataLevels },
    }),
  ],
});

const promises = ({ budgetWarning, budgetCritical }: Thresholds): Section => ({
  title: "Objectives",
  widgets: [
    table({
      title: "Promised and actual",
      tells: "The actual recovery point is the age of the oldest of the objective's newest proven backups.",
      opens: "objectives",
      columns: [
        column("Data loss now", highest("objectiveRpoActual", { by: ["host", "objective"] })),
        column("Data loss promised", lowest("objectiveRpoPromised", { by: ["host", "objective"] })),
        column("Restore took", highest("objectiveRtoActual", { by: ["host", "objective"] })),
        column("Restore promised", lowest("objectiveRtoPromised", { by: ["host", "objective"] })),
        column("Copies", lowest("objectiveCopies", { by: ["host", "objective"] })),
        column("Copies promised", highest("objectiveCopiesPromised", { by: ["host", "objective"] })),
        column("Budget used", highest("objectiveBudgetUsed", { by: ["host", "objective"] }), {
          above: { warning: budgetWarning, critical: budgetCritical },
        }),
      ],
    }),
  ],
});

const places = ({ lockAge }: Thresholds): Section => ({
  title: "Where backups go",
  widgets: [
    table({
      title: "Repositories",
      tells: "Reachable: it could be listed at the last look. An old lock stops pruning, and in the end backups.",
      width: 6,
      first: "least",
      columns: [
        column("Reachable", lowest("repositoryReachable", { by: ["host", "repository"] }), {
          below: { critical: half },
        }),
        column("Snapshots", highest("repositorySnapshots", { by: ["host", "repository"] })),
        column("Newest", highest("repositoryLastSnapshot", { by: ["host", "repository"] })),
        column("Oldest lock", highest("repositoryLockAge", { by: ["host", "repository"] }), {
          above: { warning: lockAge },
        }),
      ],
    }),
    table({
      title: "Destinations",
      tells: "Reachable: it could be opened and listed at the last look.",
      width: 6,
      first: "least",
      columns: [
        column("Reachable", lowest("destinationReachable", { by: ["host", "destination"] }), {
          below: { critical: half },
        }),
        column("Newest artifacts found", highest("destinationArtifacts", { by: ["host", "destination"] })),
      ],
    }),
  ],
});

const ourselves: Section = {
  title: "pantheros itself",
  widgets: [
    yesNo({
      title: "Whether each look succeeded",
      tells: "Where there is a gap the engine was not running, or the machine slept.",
      width: 8,
      metric: "collectorSuccess",
      by: ["host", "collector"],
    }),
    table({
      title: "Hosts",
      tells: "Hours of the last day in which the machine was awake, and what the ledger takes.",
      width: 4,
      columns: [
        column("Ledger", highest("ledgerSize", { by: ["host"] })),
        column("Awake", highest("awake", { by: ["host"] })),
        column("Not journaled, in a week", increase("ledgerWriteErrors", { by: ["host"], within: days(7) }), hardly),
      ],
    }),
  ],
};
