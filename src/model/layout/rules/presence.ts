import type { Verdict } from "../finding.ts";
import { mendMissing, mendMount, mountOfPool } from "../mend.ts";
import type { Layout, LayoutSubvolume } from "../profile.ts";
import { below, type LayoutSight, mountAt, mountOf, type SeenMount } from "../sight.ts";

export function judgeExistence(asked: LayoutSubvolume, layout: Layout, sight: LayoutSight): Verdict {
  const expected = `a subvolume ${asked.name}`;
  const mount = mountOf(sight, asked.name);
  if (mount) return { state: "holds", expected, found: `mounted at ${mount.mountPoint}` };
  const lists = [...sight.subvolumes.values()];
  const listed = lists.some((list) => list.known && list.value.some(({ path }) => path === asked.name));
  if (listed) return { state: "holds", expected, found: "there, not mounted" };
  const unseen = lists.find((list) => !list.known);
  if (unseen && !unseen.known) return { state: "unknown", expected, why: unseen.why };
  const found = lists.length === 0 ? "no Btrfs is mounted here" : "on no Btrfs that is mounted here";
  return { state: "violated", expected, found, mend: mendMissing(asked, layout, sight) };
}

export function judgeMount(
  asked: LayoutSubvolume & { readonly mountPoint: string },
  layout: Layout,
  sight: LayoutSight,
): Verdict {
  const path = below(sight.root, asked.mountPoint);
  const expected = `${asked.name} at ${asked.mountPoint}`;
  const mount = mountAt(sight, path);
  if (mount?.type === "btrfs" && mount.subvolume === asked.name) {
    return { state: "holds", expected, found: `${mount.source} at ${path}` };
  }
  const found = mount ? `${describe(mount)} is mounted there` : "nothing is mounted there";
  return { state: "violated", expected, found, mend: mendMount(asked, asked.mountPoint, layout, sight) };
}

/** Pools are filesystems of their own: what belongs to the second one is not on the first. */
export function judgePool(asked: LayoutSubvolume, layout: Layout, sight: LayoutSight): Verdict {
  const expected = `on the pool ${asked.pool}`;
  const mount = mountOf(sight, asked.name);
  if (!mount) return { state: "unknown", expected, why: `${asked.name} is not mounted` };
  const index = layout.pools.findIndex(({ name }) => name === asked.pool);
  const own = mountOfPool(asked.pool, layout, sight);
  const earlier = layout.pools
    .slice(0, Math.max(0, index))
    .find(({ name }) => mountOfPool(name, layout, sight)?.filesystem === mount.filesystem);
  const advice = (where: string) => ({
    commands: [],
    before: `make ${asked.name} on ${where} and copy its data there; pantheros render disko shows the whole layout`,
  });
  const device = layout.pools[index]?.device ?? asked.pool;
  if (earlier) {
    const found = `on the filesystem of the pool ${earlier.name} (${mount.source})`;
    return { state: "violated", expected, found, mend: advice(device) };
  }
  if (own && own.filesystem !== mount.filesystem) {
    const found = `on ${mount.source}; the pool is on ${own.source}`;
    return { state: "violated", expected, found, mend: advice(own.source) };
  }
  return { state: "holds", expected, found: `on ${mount.source}` };
}

function describe({ type, subvolume, source }: SeenMount): string {
  if (type !== "btrfs") return `${type} (${source})`;
  return subvolume === "" ? "the top level of a Btrfs" : `the subvolume ${subvolume}`;
}
