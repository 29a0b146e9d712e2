import type { Verdict } from "../finding.ts";
import { mendFilesystemOptions, mendMountOptions, mountOfPool } from "../mend.ts";
import type { Layout, LayoutPool, LayoutSubvolume } from "../profile.ts";
import { below, type LayoutSight, mountAt } from "../sight.ts";

/** Options that every mount of a filesystem has for itself. */
export function judgeMountOptions(
  asked: LayoutSubvolume & { readonly mountPoint: string },
  layout: Layout,
  sight: LayoutSight,
): Verdict {
  const expected = asked.mountOptions.join(",");
  const mount = mountAt(sight, below(sight.root, asked.mountPoint));
  // Options of what else is mounted there say nothing, and it would be wrong to mend them.
  if (mount?.type !== "btrfs" || mount.subvolume !== asked.name) {
    return { state: "unknown", expected, why: `${asked.name} is not mounted at ${asked.mountPoint}` };
  }
  const missing = asked.mountOptions.filter((option) => !mount.options.includes(option));
  const found = mount.options.join(",");
  if (missing.length === 0) return { state: "holds", expected, found };
  return { state: "violated", expected, found, mend: mendMountOptions(missing, asked, mount, layout) };
}

/** Options that a filesystem has once, from its first mount or a later remount, whatever other mounts of it say. */
export function judgeFilesystemOptions(pool: LayoutPool, layout: Layout, sight: LayoutSight): Verdict {
  const expected = pool.options.join(",");
  const mount = mountOfPool(pool.name, layout, sight);
  if (!mount) return { state: "unknown", expected, why: `no Btrfs of the pool ${pool.name} is mounted` };
  const inForce = mount.filesystemOptions.filter((option) => !/^(?:subvol|subvolid)=/.test(option));
  const missing = pool.options.filter((option) => !isInForce(option, inForce));
  const found = `${inForce.join(",")} on ${mount.source}`;
  if (missing.length === 0) return { state: "holds", expected, found };
  return { state: "violated", expected, found, mend: mendFilesystemOptions(missing, mount) };
}

/** `compress-force` compresses all that `compress` does. */
function isInForce(option: string, inForce: readonly string[]): boolean {
  return inForce.includes(option) || inForce.includes(option.replace(/^compress=/, "compress-force="));
}
