import { type Scrub, scrubErrorKinds, scrubStates } from "../model/btrfs/health.ts";
import { toStepError } from "../model/run/outcome.ts";
import type { Sample } from "../model/samples/sample.ts";
import { clockTolerance } from "../model/time/clock-tolerance.ts";
import { readDevices } from "../tools/btrfs/devices.ts";
import { type BtrfsPlace, lookAtScrub } from "../tools/btrfs/health.ts";
import { type CollectorContext, defineCollector } from "./collector.ts";
import { btrfsOf } from "./filesystems.ts";

export const btrfsScrub = defineCollector({
  name: "btrfs-scrub",
  summary: "The last scrub of each Btrfs in use: how it went, what it found, how long ago the last whole one began.",
  every: 600,
  timeout: 60,
  async collect(context) {
    const { found, problems } = await btrfsOf(context.config);
    const samples: Sample[] = [];
    for (const { device, btrfs } of found) {
      const problem = (why: string) => problems.push(`${btrfs.mount.mountPoint}: ${why}`);
      try {
        const scrub = await lookAndRemember(btrfs, context);
        samples.push(...samplesOf(device, scrub));
        if (scrub.wholeSince !== null && scrub.wholeSince > context.now + clockTolerance) {
          problem("the last scrub is dated ahead of the clock: its age is not known");
        } else {
          const since = scrub.wholeSince ?? firstSeen(btrfs, context.recall) ?? context.now;
          samples.push({ metric: "btrfsScrubAge", labels: { device }, since });
        }
      } catch (error) {
        problem(toStepError(error).message);
      }
    }
    return { samples, problems };
  },
});

/** Btrfs forgets a whole scrub as soon as another one begins, be it cut off: what an earlier look saw is remembered. */
async function lookAndRemember(
  place: BtrfsPlace,
  { execute, recall, remember, now }: CollectorContext,
): Promise<Scrub> {
  if (firstSeen(place, recall) === null) remember(`seen/${place.uuid}`, now);
  const scrub = await lookAtLastScrub(place, { execute, recall });
  if (scrub.wholeSince !== null && scrub.wholeSince !== recalled(place, recall))
    remember(keyOf(place), scrub.wholeSince);
  return scrub;
}

/** Since when this host has watched a filesystem, seconds since the epoch; null: it has not yet. */
export function firstSeen({ uuid }: BtrfsPlace, recall: CollectorContext["recall"]): number | null {
  const noted = recall(`seen/${uuid}`);
  return typeof noted === "number" && noted > 0 ? noted : null;
}

/** The last scrub as Btrfs tells it and as this collector remembers it. @throws StepError `auth` without root */
export async function lookAtLastScrub(
  place: BtrfsPlace,
  { execute, recall }: Pick<CollectorContext, "execute" | "recall">,
): Promise<Scrub> {
  const { devices } = readDevices(place.uuid);
  const devids = devices.filter(({ isMissing }) => isMissing !== true).map(({ devid }) => devid);
  return lookAtScrub(place, { devids, remembered: recalled(place, recall), execute });
}

function recalled(place: BtrfsPlace, recall: CollectorContext["recall"]): number | null {
  const noted = recall(keyOf(place));
  return typeof noted === "number" && noted > 0 ? noted : null;
}

function keyOf({ uuid }: BtrfsPlace): string {
  return `whole/${uuid}`;
}

function samplesOf(device: string, { state, errors }: Scrub): Sample[] {
  return [
    ...scrubStates.map(
      (each): Sample => ({ metric: "btrfsScrubState", labels: { device, state: each }, value: each === state ? 1 : 0 }),
    ),
    ...scrubErrorKinds.flatMap((kind): Sample[] =>
      errors === null ? [] : [{ metric: "btrfsScrubErrors", labels: { device, kind }, value: errors[kind] }],
    ),
  ];
}
