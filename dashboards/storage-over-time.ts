import { highest, lowest, total } from "../src/model/alert/expression.ts";
import { metadataLevels } from "../src/model/alert/levels.ts";
import { days, percent } from "../src/model/alert/measure.ts";
import type { Stack, Thresholds } from "../src/model/alert/stack.ts";
import { defineDashboard, type Section } from "../src/model/dashboard/dashboard.ts";
import { bars, column, line, table, timeseries, yesNo } from "../src/model/dashboard/widget.ts";

export const storageOverTime = defineDashboard({
  id: "storage-over-time",
  title: "Storage over time",
  summary:
    "For who plans: how full disks are and how Btrfs divides them, what snapshots hold, how backups and repositories grow.",
  chosen: ["host", "device", "subvol"],
  looksBack: days(90),
  sections: ({ thresholds }: Stack) => [disks(thresholds), health(thresholds), snapshots, backups, places(thresholds)],
});

const disks = ({ diskUsage }: Thresholds): Section => ({
  title: "Disks",
  widgets: [
    timeseries({
      title: "Disk usage",
      tells: "As the filesystem itself counts it.",
      lines: [line(highest("diskUsage", { by: ["host", "device"] }))],
      judged: { above: { critical: diskUsage } },
    }),
    timeseries({
      title: "Not yet allocated",
      tells: "Bytes of Btrfs that no chunk holds: without any, data and metadata cannot grow any more.",
      lines: [line(lowest("diskUnallocated", { by: ["host", "device"] }))],
    }),
    timeseries({
      title: "Used share of what is allocated, by type",
      tells: "Metadata near 100 % with nothing unallocated is full, whatever df says.",
      lines: [line(highest("btrfsAllocation", { by: ["host", "device", "type"] }))],
      judged: { above: { warning: percent(95) } },
    }),
    timeseries({
      title: "Metadata pressure",
      tells: "Metadata in use as a share of all that could become metadata.",
      lines: [line(highest("btrfsMetadataPressure", { by: ["host", "device"] }))],
      judged: { above: metadataLevels },
    }),
    bars({
      title: "Capacity",
      tells: "Size of each filesystem.",
      width: 12,
      height: 2,
      value: highest("diskSize", { by: ["host", "device"] }),
    }),
  ],
});

const health = ({ scrubAge }: Thresholds): Section => ({
  title: "Health of Btrfs",
  widgets: [
    table({
      title: "Filesystems, the longest without a scrub first",
      tells: "A scrub reads everything and compares it with its checksums; without one, rot is found by the restore.",
      columns: [
        column("Last whole scrub", highest("btrfsScrubAge", { by: ["host", "device"] }), {
          above: { warning: scrubAge },
        }),
        column("Devices", highest("btrfsDevices", { by: ["host", "device"] })),
        column("Missing", highest("btrfsDevicesMissing", { by: ["host", "device"] })),
        column("Read-only", highest("btrfsReadOnly", { by: ["host", "device"] })),
        column("Found by the scrub", total("btrfsScrubErrors", { by: ["host", "device"] })),
      ],
    }),
    yesNo({
      title: "Read-only by error",
      tells: "When Btrfs made a filesystem read-only.",
      height: 3,
      metric: "btrfsReadOnly",
      by: ["host", "device"],
      yes: "bad",
      no: "good",
    }),
  ],
});

const snapshots: Section = {
  title: "Snapshots",
  widgets: [
    timeseries({
      title: "Held by snapshots alone",
      tells: "Exclusive bytes: what is freed when a snapshot goes. What several share is not in it.",
      drawn: "areas",
      lines: [line(highest("snapshotSize", { by: ["host", "subvol"] }))],
    }),
    timeseries({
      title: "Snapshots",
      tells: "A line that only rises: pruning has stopped.",
      lines: [line(highest("snapshotCount", { by: ["host", "subvol"], where: { type: ["all"] } }))],
    }),
    timeseries({
      title: "Snapshots by tier",
      tells: "How many the daily, weekly, monthly tiers hold.",
      width: 12,
      drawn: "areas",
      lines: [line(total("snapshotCount", { by: ["type"], without: { type: ["all"] } }))],
    }),
  ],
};

const backups: Section = {
  title: "Backups",
  widgets: [
    timeseries({
      title: "What a backup covers",
      tells: "A sudden drop: something is not backed up any more.",
      lines: [line(highest("backupSize", { by: ["host", "job", "target"] }))],
    }),
    timeseries({
      title: "How long backups take",
      tells: "Of the job's last finished run.",
      lines: [line(highest("backupDuration", { by: ["host", "job"] }))],
    }),
  ],
};

const places = ({ sinceSuccess }: Thresholds): Section => ({
  title: "Where backups go",
  widgets: [
    bars({
      title: "Newest snapshot of others",
      tells: "In repositories that other hosts fill and this one only looks at, as a hub does.",
      width: 12,
      height: 3,
      value: highest("repositoryOthersAge", { by: ["host", "repository"] }),
      judged: { above: { warning: sinceSuccess } },
    }),
    timeseries({
      title: "Repositories",
      tells: "Data of all snapshots, and all that is stored: what is between them is freed by pruning.",
      lines: [
        line(highest("repositoryDataSize", { by: ["repository"] }), "data"),
        line(highest("repositoryStored", { by: ["repository"] }), "stored"),
      ],
    }),
    timeseries({
      title: "Snapshots in repositories",
      tells: "A line that falls: something forgets more than it should.",
      lines: [line(highest("repositorySnapshots", { by: ["repository"] }))],
    }),
    timeseries({
      title: "Buckets",
      tells: "Everything that is billed.",
      width: 12,
      drawn: "areas",
      lines: [line(total("bucketBytes", { by: ["bucket"] }))],
    }),
  ],
});
