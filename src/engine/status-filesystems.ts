import { highPressure, highUsage, oldScrub } from "../model/btrfs/troubles.ts";
import type { MetricName } from "../model/metrics.ts";
import { formatDuration } from "../model/quantity.ts";
import { type StateSnapshot, valueAt } from "../model/samples/sample.ts";

/** A filesystem that the last look found in trouble; `pantheros disks` looks now, and names what mends it. */
export interface FilesystemStatus {
  readonly device: string;
  readonly troubles: readonly string[];
}

type Labels = Readonly<Record<string, string | undefined>>;

interface Symptom {
  /** Labels that a series must have. */
  readonly where?: Labels;
  /** Null: it is well. @param value the sum of the series of one device */
  readonly say: (value: number) => string | null;
}

const percent = (share: number) => `${Math.floor(share * 100)} %`;

/** The same limits as in `troublesOf`, on what collectors have saved. */
const symptoms: readonly (readonly [MetricName, Symptom])[] = [
  ["btrfsReadOnly", { say: (is) => (is === 1 ? "it is read-only" : null) }],
  ["btrfsDevicesMissing", { say: (count) => (count > 0 ? `${count} of its devices missing` : null) }],
  ["btrfsDeviceErrors", { say: (count) => (count > 0 ? `${count} errors of its devices` : null) }],
  ["btrfsMetadataPressure", { say: (share) => (share >= highPressure ? `metadata ${percent(share)} full` : null) }],
  ["diskUsage", { say: (share) => (share >= highUsage ? `${percent(share)} full` : null) }],
  [
    "btrfsScrubErrors",
    {
      where: { kind: "uncorrectable" },
      say: (count) => (count > 0 ? `${count} errors that no scrub could mend` : null),
    },
  ],
  ["btrfsScrubState", { where: { state: "canceled" }, say: (is) => (is === 1 ? "the last scrub was canceled" : null) }],
  [
    "btrfsScrubState",
    { where: { state: "interrupted" }, say: (is) => (is === 1 ? "the last scrub was interrupted" : null) },
  ],
  ["btrfsScrubAge", { say: (age) => (age > oldScrub ? `not scrubbed for ${formatDuration(age)}` : null) }],
  ["btrfsBalance", { say: (status) => (status === 2 ? "a balance is paused" : null) }],
];

/** Those in trouble only; what nobody has seen is no trouble. */
export function filesystemStatuses(state: StateSnapshot): FilesystemStatus[] {
  const devices = new Map<string, string[]>();
  for (const [metric, { where = {}, say }] of symptoms) {
    const own = state.samples.filter((sample) => sample.metric === metric && has(sample.labels, where));
    for (const [device, samples] of Map.groupBy(own, ({ labels }) => (labels as Labels)["device"] ?? "")) {
      const said = say(samples.reduce((sum, sample) => sum + valueAt(sample, state.at), 0));
      if (said !== null) devices.set(device, [...(devices.get(device) ?? []), said]);
    }
  }
  return [...devices].map(([device, troubles]) => ({ device, troubles }));
}

function has(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value);
}
