import type { Mend } from "./finding.ts";
import type { Layout, LayoutSubvolume } from "./profile.ts";
import { shellWord } from "./shell.ts";
import { below, type LayoutSight, mountAt, mountOf, type SeenMount } from "./sight.ts";

/** The commands that mend what an audit finds. Data is copied and the old kept: nothing here removes what a person made. */

/** A mount of the filesystem that a pool is on: that of one of its subvolumes; the first pool is also where the system itself is. */
export function mountOfPool(pool: string, layout: Layout, sight: LayoutSight): SeenMount | undefined {
  const own = layout.subvolumes
    .filter((each) => each.pool === pool)
    .map((each) => mountOf(sight, each.name))
    .find((mount) => mount !== undefined);
  if (own || layout.pools[0]?.name !== pool) return own;
  const system = mountAt(sight, below(sight.root, "/"));
  return system?.type === "btrfs" ? system : undefined;
}

/** Where a missing subvolume would be made: on its pool, else on the one Btrfs that no other pool has. */
function placeForPool(pool: string, layout: Layout, sight: LayoutSight): SeenMount | undefined {
  const own = mountOfPool(pool, layout, sight);
  if (own) return own;
  const taken = layout.pools.flatMap(({ name }) => mountOfPool(name, layout, sight)?.filesystem ?? []);
  const free = sight.mounts.filter(({ type, filesystem }) => type === "btrfs" && !taken.includes(filesystem));
  const [only] = free;
  return new Set(free.map(({ filesystem }) => filesystem)).size === 1 ? only : undefined;
}

export function mendMissing(asked: LayoutSubvolume, layout: Layout, sight: LayoutSight): Mend {
  const pool = placeForPool(asked.pool, layout, sight);
  if (!pool) {
    const device = layout.pools.find(({ name }) => name === asked.pool)?.device ?? "its disk";
    return { commands: [], before: `no Btrfs of the pool ${asked.pool} is mounted: mount it first (${device})` };
  }
  const path = onTop(asked.name);
  const attribute = asked.copyOnWrite ? [] : [`chattr +C ${path}`];
  return { commands: atTopLevel(pool, [`btrfs subvolume create ${path}`, ...attribute]) };
}

export function mendMount(asked: LayoutSubvolume, mountPoint: string, layout: Layout, sight: LayoutSight): Mend {
  const path = below(sight.root, mountPoint);
  const other = mountAt(sight, path);
  const pool = mountOf(sight, asked.name) ?? placeForPool(asked.pool, layout, sight);
  if (!pool) return mendMissing(asked, layout, sight);
  const lasting = lastingMount(asked, mountPoint, pool, layout);
  if (path === "/") {
    const before = `the running system is on another subvolume: boot with rootflags=subvol=${asked.name}`;
    return { commands: [], before, lasting };
  }
  const options = [`subvol=${asked.name}`, ...asked.mountOptions].join(",");
  const mount = `mount -o ${shellWord(options)} ${shellWord(pool.source)} ${shellWord(path)}`;
  if (other) {
    const before = `end what uses ${path}; what is on it now is not copied`;
    return { commands: [`umount ${shellWord(path)}`, mount], before, lasting };
  }
  const directory = sight.directories.get(path);
  if (!directory) return { commands: [`mkdir -p ${shellWord(path)}`, mount], lasting };
  if (directory.isEmpty.known && directory.isEmpty.value) return { commands: [mount], lasting };
  return {
    commands: [...atTopLevel(pool, [`cp -ax --reflink=never ${shellWord(path)}/. ${onTop(asked.name)}/`]), mount],
    before: `end what writes below ${path}: its data is copied; the old files stay hidden below the mount until they are removed`,
    lasting,
  };
}

export function mendMountOptions(
  missing: readonly string[],
  asked: LayoutSubvolume,
  mount: SeenMount,
  layout: Layout,
): Mend {
  return {
    commands: [`mount -o ${shellWord(["remount", "bind", ...missing].join(","))} ${shellWord(mount.mountPoint)}`],
    lasting: lastingMount(asked, asked.mountPoint ?? mount.mountPoint, mount, layout),
  };
}

export function mendFilesystemOptions(missing: readonly string[], mount: SeenMount): Mend {
  const options = missing.join(",");
  // A free space tree is made while nothing can be written, and by the first mount.
  const before = missing.includes("space_cache=v2")
    ? "the kernel changes the space cache only when the filesystem is mounted anew: if the remount is refused, unmount all of it and mount it with this option"
    : "it changes the whole filesystem, whichever of its mounts is named";
  return {
    commands: [`mount -o ${shellWord(`remount,${options}`)} ${shellWord(mount.mountPoint)}`],
    before,
    lasting: {
      fstab: `add ${options} to every line of ${mount.source} in /etc/fstab: the first one that is mounted decides`,
      nix: `add ${options
        .split(",")
        .map((option) => JSON.stringify(option))
        .join(" ")} to the options of every fileSystems entry of ${mount.source}`,
    },
  };
}

/** Turns copy-on-write on or off for what is mounted at a path and may already hold data. */
export function mendCopyOnWrite(asked: LayoutSubvolume, path: string, isEmpty: boolean, sight: LayoutSight): Mend {
  const attribute = asked.copyOnWrite ? "chattr -C" : "chattr +C";
  const mount = mountAt(sight, path);
  if (mount?.subvolume !== asked.name) {
    return { commands: [], before: `mount ${asked.name} at ${path} first, then look again: this is what is there now` };
  }
  if (isEmpty) return { commands: [`${attribute} ${shellWord(path)}`] };
  const [own, fresh, old] = [asked.name, `${asked.name}.new`, `${asked.name}.old`].map(onTop);
  const options = [`subvol=${asked.name}`, ...asked.mountOptions].join(",");
  const isBusy = path === "/";
  return {
    before: `end what writes below ${path}: the attribute holds for new files only, so every file is copied once (room for a second copy is needed); subvolumes nested in it stay in ${asked.name}.old: delete that when all is well${isBusy ? ", after a reboot" : ""}`,
    commands: [
      ...atTopLevel(mount, [
        `btrfs subvolume create ${fresh}`,
        `${attribute} ${fresh}`,
        `cp -ax --reflink=never ${own}/. ${fresh}/`,
        `mv ${own} ${old}`,
        `mv ${fresh} ${own}`,
      ]),
      ...(isBusy
        ? []
        : [
            `umount ${shellWord(path)}`,
            `mount -o ${shellWord(options)} ${shellWord(mount.source)} ${shellWord(path)}`,
          ]),
    ],
  };
}

/** Makes a directory of a subvolume that is nested in another one. */
export function mendNested(asked: LayoutSubvolume, path: string): Mend {
  const [own, fresh, old] = [shellWord(path), shellWord(`${path}.new`), shellWord(`${path}.old`)];
  return {
    before: `end what writes below ${path}: its data is copied`,
    commands: [
      `mkdir ${fresh}`,
      ...(asked.copyOnWrite ? [] : [`chattr +C ${fresh}`]),
      `cp -a --reflink=never ${own}/. ${fresh}/`,
      `mv ${own} ${old}`,
      `mv ${fresh} ${own}`,
      `btrfs subvolume delete ${old}`,
    ],
  };
}

function onTop(name: string): string {
  return `"$top"/${shellWord(name)}`;
}

/** Commands with the whole filesystem, all of its subvolumes, below `$top`. */
function atTopLevel({ source }: SeenMount, commands: readonly string[]): string[] {
  return [
    "top=$(mktemp -d)",
    `mount -o subvolid=5 ${shellWord(source)} "$top"`,
    ...commands,
    'umount "$top" && rmdir "$top"',
  ];
}

function lastingMount(asked: LayoutSubvolume, mountPoint: string, { source }: SeenMount, layout: Layout) {
  const pool = layout.pools.find(({ name }) => name === asked.pool);
  const options = [`subvol=${asked.name}`, ...asked.mountOptions, ...(pool?.options ?? [])];
  const escaped = (text: string) => text.replaceAll("\\", "\\134").replaceAll(" ", "\\040").replaceAll("\t", "\\011");
  return {
    fstab: `${source} ${escaped(mountPoint)} btrfs ${escaped(options.join(","))} 0 0`,
    nix: `fileSystems.${JSON.stringify(mountPoint)}.options = [ ${options.map((option) => JSON.stringify(option)).join(" ")} ];`,
  };
}
