import {
  allocationTypes,
  deviceErrorKinds,
  exclusiveOperations,
  scrubErrorKinds,
  scrubStates,
} from "../btrfs/health.ts";
import { counter, gauge, type MetricDefinition } from "./definition.ts";

/** Disks. */
export const disks = {
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
    { type: allocationTypes },
  ),
  btrfsBalance: gauge("btrfs_balance_status", "btrfs.balance", "status", ["device"], "0: none, 1: running, 2: paused."),
  btrfsExclusiveOperation: gauge(
    "btrfs_exclusive_operation",
    "btrfs.exclusive_operation",
    "boolean",
    ["device", "operation"],
    "1 for what has the Btrfs filesystem for itself now (none: nothing).",
    { operation: exclusiveOperations },
  ),
  btrfsMetadataPressure: gauge(
    "btrfs_metadata_pressure_ratio",
    "btrfs.metadata.pressure",
    "ratio",
    ["device"],
    "Metadata in use, with the global reserve, as a share of all that could still become metadata; 1: nothing can be written.",
  ),
  btrfsReadOnly: gauge(
    "btrfs_read_only",
    "btrfs.read_only",
    "boolean",
    ["device"],
    "1 when the filesystem itself is read-only, as Btrfs makes it after an error.",
  ),
  btrfsDevices: gauge("btrfs_devices", "btrfs.devices", "count", ["device"], "Devices that belong to the filesystem."),
  btrfsDevicesMissing: gauge(
    "btrfs_devices_missing",
    "btrfs.devices.missing",
    "count",
    ["device"],
    "Devices of the filesystem that are not there.",
  ),
  btrfsDeviceErrors: counter(
    "btrfs_device_errors",
    "btrfs.device.errors",
    ["device", "devid", "kind"],
    "Errors that Btrfs counted on each of the filesystem's devices, by kind.",
    { kind: deviceErrorKinds },
  ),
  btrfsScrubAge: gauge(
    "btrfs_scrub_age_seconds",
    "btrfs.scrub.age",
    "seconds",
    ["device"],
    "Time since the last scrub began that went through to its end on every device; since the filesystem was first seen, when none ever did.",
  ),
  btrfsScrubState: gauge(
    "btrfs_scrub_state",
    "btrfs.scrub.state",
    "boolean",
    ["device", "state"],
    "1 for how the last scrub went (never: this host has no record of one).",
    { state: scrubStates },
  ),
  btrfsScrubErrors: gauge(
    "btrfs_scrub_errors",
    "btrfs.scrub.errors",
    "count",
    ["device", "kind"],
    "What the last scrub has found, by what became of it.",
    { kind: scrubErrorKinds },
  ),
} as const satisfies Record<string, MetricDefinition>;
