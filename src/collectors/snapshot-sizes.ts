import { StepError, toStepError } from "../model/run/outcome.ts";
import type { Sample } from "../model/samples/sample.ts";
import { listWithoutTimes } from "../tools/btrfs/btrfs.ts";
import { type Quotas, readExclusive, readQuotas } from "../tools/btrfs/quotas.ts";
import { filesystemOf } from "../tools/btrfs/sysfs.ts";
import { locate, type Mount, readMounts } from "../tools/files/filesystem.ts";
import { type CollectorContext, defineCollector, lastLook } from "./collector.ts";
import { type Measurable, measureSome } from "./snapshot-sizes/measured.ts";

/** A subvolume whose snapshots are to have a size. */
interface Wanted extends Measurable {
  readonly mount: Mount;
  readonly byMeasuring: boolean;
}

/**
 * What snapshots hold alone, where quotas are on already; where they are off only for subvolumes that ask for it, a few at a time. Why:
 * docs/decisions/0014-sizes-of-snapshots.md.
 */
export const snapshotSizes = defineCollector({
  name: "snapshot-sizes",
  summary: "Bytes that each snapshot holds alone, by quotas where they are on, else measured where that is asked for.",
  every: 900,
  timeout: 120,
  async collect(context) {
    const { wanted, problems } = await findWanted(context);
    const samples: Sample[] = [];
    const toMeasure: Measurable[] = [];
    for (const group of Map.groupBy(wanted, ({ mount }) => mount.device).values()) {
      try {
        const { sized, unsized, problem } = await byQuotas(group, context);
        samples.push(...sized);
        toMeasure.push(...unsized.filter(({ byMeasuring }) => byMeasuring));
        if (problem !== null) problems.push(problem);
      } catch (error) {
        problems.push(`${group.map(({ subvol }) => subvol).join(", ")}: ${toStepError(error).message}`);
      }
    }
    const measured = await measureSome(toMeasure, context);
    return { samples: [...samples, ...measured.samples], problems: [...problems, ...measured.problems] };
  },
});

/** Subvolumes whose snapshots were seen; what nobody has looked at yet has no size. */
async function findWanted({ config, ledger }: CollectorContext) {
  const observations = ledger.observations();
  const mounts = await readMounts();
  const wanted: Wanted[] = [];
  const problems: string[] = [];
  for (const [subvol, { path, snapshot_sizes = "quotas" }] of Object.entries(config.subvolumes)) {
    const look = snapshot_sizes === "off" ? null : lastLook(observations, "subvolume", subvol);
    if (look === null) continue;
    try {
      const { mount } = await locate(path, mounts);
      const snapshots = look.artifacts.flatMap(({ subject, name, identity }) =>
        subject === subvol && identity !== undefined ? [{ uuid: identity, path: name }] : [],
      );
      wanted.push({ subvol, snapshots, mount, byMeasuring: snapshot_sizes === "du" });
    } catch (error) {
      problems.push(`${subvol}: ${toStepError(error).message}`);
    }
  }
  return { wanted, problems };
}

/** All wanted subvolumes of one filesystem. */
async function byQuotas(group: readonly Wanted[], { execute }: CollectorContext) {
  const [{ mount }] = group as readonly [Wanted, ...Wanted[]];
  const uuid = filesystemOf(mount.source);
  if (uuid === null)
    throw new StepError("source", `${mount.mountPoint} is no Btrfs that the kernel tells of`, {
      advice: "see that /sys/fs/btrfs is shown to pantheros, and that the filesystem is still mounted",
    });
  const quotas = readQuotas(uuid);
  if (quotas !== "on") return { sized: [], unsized: group, problem: problemOf(quotas, mount) };
  const ids = new Map((await listWithoutTimes(execute, mount)).map((listed) => [listed.uuid, listed.id]));
  const sized = group.map(({ subvol, snapshots }): Sample => {
    // What has gone since the snapshots were looked at holds nothing any more.
    const present = snapshots.flatMap((snapshot) => ids.get(snapshot.uuid) ?? []);
    const value = present.reduce((sum, id) => sum + readExclusive(uuid, id), 0);
    return { metric: "snapshotSize", labels: { subvol }, value };
  });
  return { sized, unsized: [], problem: null };
}

function problemOf(quotas: Quotas, { mountPoint }: Mount): string | null {
  if (quotas !== "inconsistent") return null;
  return `${mountPoint}: its quotas are inconsistent: sizes are unknown until btrfs quota rescan ${mountPoint} has ended`;
}
