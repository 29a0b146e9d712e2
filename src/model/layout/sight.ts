/** What was seen, or why it could not be. */
export type Seen<Value> =
  | { readonly known: true; readonly value: Value }
  | { readonly known: false; readonly why: string };

/** A mount with everything that is in force for it. */
export interface SeenMount {
  /** As the kernel has it, also below another root. */
  readonly mountPoint: string;
  /** The same for all mounts of one filesystem. */
  readonly filesystem: string;
  readonly type: string;
  /** `/dev/nvme0n1p2` */
  readonly source: string;
  /** The directory that is mounted, from the top level, without a slash in front; empty: the top level itself. */
  readonly subvolume: string;
  /** Of this mount alone: `rw`, `noatime`. */
  readonly options: readonly string[];
  /** Of the whole filesystem: `compress=zstd:3`, `space_cache=v2`. */
  readonly filesystemOptions: readonly string[];
}

export interface SeenSubvolume {
  /** From the top level, without a slash in front. */
  readonly path: string;
  readonly readOnly: boolean;
}

/** What new files below a directory get from it. */
export interface SeenDirectory {
  readonly path: string;
  readonly onBtrfs: boolean;
  /** The letters that `lsattr` shows: C without copy-on-write, c compressed, m never compressed. */
  readonly attributes: Seen<string>;
  /** The property `compression`: `zstd`, `none`; empty: not set. */
  readonly compression: Seen<string>;
  readonly isEmpty: Seen<boolean>;
  /** Some of the files in it that hold data, and how many of these are copied on write; looked at only where none should be. */
  readonly files: { readonly looked: number; readonly copyOnWrite: number };
}

/** Everything that the rules are held against. */
export interface LayoutSight {
  /** Below which directory the layout was looked for: `/`, or `/mnt` while a system is being installed. */
  readonly root: string;
  /** Below the root; the last one of several at one place is the one that is seen. */
  readonly mounts: readonly SeenMount[];
  /** By filesystem. */
  readonly subvolumes: ReadonlyMap<string, Seen<readonly SeenSubvolume[]>>;
  /** By path; what is not there is absent. */
  readonly directories: ReadonlyMap<string, SeenDirectory>;
}

/** Where a path of the layout is, below the root that is looked at. */
export function below(root: string, path: string): string {
  const base = root.replace(/\/+$/, "");
  return path === "/" ? base || "/" : `${base}${path}`;
}

export function mountAt({ mounts }: Pick<LayoutSight, "mounts">, path: string): SeenMount | undefined {
  return mounts.findLast(({ mountPoint }) => mountPoint === path);
}

/** A mount by which a subvolume as a whole can be reached, wherever. */
export function mountOf({ mounts }: Pick<LayoutSight, "mounts">, name: string): SeenMount | undefined {
  return mounts.findLast(({ type, subvolume }) => type === "btrfs" && subvolume === name);
}
