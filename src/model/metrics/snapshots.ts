import { counter, gauge, type MetricDefinition } from "./definition.ts";
import { failureReasons, snapshotTypes, subvolumeContents } from "./label-values.ts";

/** Snapshots. */
export const snapshots = {
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
    { reason: failureReasons },
  ),
  snapshotFailing: gauge(
    "snapshot_failing",
    "snapshot.failing",
    "boolean",
    ["subvol", "holds"],
    "1 when the last attempt to make a snapshot of the subvolume failed, until one succeeds; holds: files or database, as declared.",
    { holds: subvolumeContents },
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
    { type: snapshotTypes },
  ),
  snapshotSize: gauge(
    "snapshot_size_bytes",
    "snapshot.size",
    "bytes",
    ["subvol"],
    "Bytes that one snapshot of the subvolume holds alone (exclusive), summed: what several of them share is not in it.",
  ),
  snapshotSizeAge: gauge(
    "snapshot_size_age_seconds",
    "snapshot.size.age",
    "seconds",
    ["subvol"],
    "Age of the oldest measurement that the size of the snapshots is made of.",
  ),
  snapshotSizeMeasured: gauge(
    "snapshot_size_measured_ratio",
    "snapshot.size.measured",
    "ratio",
    ["subvol"],
    "Share of the snapshots whose size is known; the size is told when it is 1.",
  ),
  snapshotNewest: gauge(
    "snapshot_newest_timestamp_seconds",
    "snapshot.newest",
    "timestamp",
    ["subvol"],
    "Creation time of the newest snapshot that exists.",
  ),
} as const satisfies Record<string, MetricDefinition>;
