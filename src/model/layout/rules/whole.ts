import type { Verdict } from "../finding.ts";
import { mendNested } from "../mend.ts";
import type { LayoutSubvolume } from "../profile.ts";
import { below, type LayoutSight, mountOf } from "../sight.ts";

/**
 * What one snapshot must hold together is in one subvolume. Another subvolume inside it – a tablespace, a write-ahead log on its own – is an
 * empty directory in the snapshot; what is mounted below it is not there either.
 */
export function judgeWhole(asked: LayoutSubvolume, sight: LayoutSight): Verdict {
  const expected = "no other subvolume and no other mount below it";
  const mount = mountOf(sight, asked.name);
  const path = asked.mountPoint === null ? mount?.mountPoint : below(sight.root, asked.mountPoint);
  const inside = sight.mounts.find(({ mountPoint }) => path !== undefined && mountPoint.startsWith(`${path}/`));
  if (inside) {
    const before = `move what is at ${inside.mountPoint} into ${asked.name}: a snapshot of it does not hold another mount`;
    const found = `${inside.source} is mounted at ${inside.mountPoint}`;
    return { state: "violated", expected, found, mend: { commands: [], before } };
  }
  if (!mount) return { state: "unknown", expected, why: `${asked.name} is not mounted` };
  const list = sight.subvolumes.get(mount.filesystem);
  if (!list?.known) return { state: "unknown", expected, why: list?.why ?? "nobody listed its subvolumes" };
  const nested = list.value.filter(({ path: other, readOnly }) => !readOnly && isNested(other, asked.name));
  const [first] = nested;
  if (!first) return { state: "holds", expected, found: "nothing below it" };
  const where = `${mount.mountPoint}${first.path.slice(asked.name.length)}`;
  const more = nested.length > 1 ? ` and ${nested.length - 1} more` : "";
  return { state: "violated", expected, found: `the subvolume ${where}${more}`, mend: mendNested(asked, where) };
}

/** Snapshots are where they belong in `.snapshots`, which is itself a subvolume when snapper made it. */
function isNested(path: string, holder: string): boolean {
  return path.startsWith(`${holder}/`) && !`${path}/`.startsWith(`${holder}/.snapshots/`);
}
