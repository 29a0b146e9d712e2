/** A filesystem of a layout; a host with two pools has two, each on a disk of its own. */
export interface LayoutPool {
  readonly name: string;
  /** The disk that the profile expects it on. */
  readonly device: string;
  /**
   * Options of the whole filesystem. Btrfs takes them from its first mount and ignores what later mounts of other subvolumes say, so
   * they stand here and not at the subvolumes.
   */
  readonly options: readonly string[];
  readonly reason: string;
}

/**
 * Whether a subvolume must be there: always; never, but it must be right where it is; or only where its mount point holds something
 * (a database that runs here).
 */
export type Presence = "required" | "optional" | "where used";

export interface LayoutSubvolume {
  /** Its path from the top level of the filesystem: `@home`. */
  readonly name: string;
  /** Name of a pool of the layout. */
  readonly pool: string;
  /** Null: the layout does not say where it is mounted, and nothing is asked about that. */
  readonly mountPoint: string | null;
  readonly copyOnWrite: boolean;
  /** `zstd:3` or `none`; null: nothing is asked. The level is a matter of the whole filesystem, see `LayoutPool.options`. */
  readonly compression: string | null;
  /** Options that belong to this mount alone: `noatime`, `nodev`, `ro`. */
  readonly mountOptions: readonly string[];
  readonly presence: Presence;
  /** One snapshot must hold all of it: neither another subvolume nor another mount below it. */
  readonly whole: boolean;
  /** It holds a swap file. */
  readonly swap: boolean;
  /** Why the layout asks for this. */
  readonly reason: string;
  /** What a reader should know besides: a contradiction that was resolved, a price that is paid. */
  readonly note?: string;
}

/** What hardware a profile is made for. */
export type HardwareRule =
  /** A machine of its own with exactly so many NVMe disks. */
  | { readonly nvmeDisks: number }
  /** A virtual machine with a virtio or SCSI disk of about this size; providers mean GB or GiB by it. */
  | { readonly virtualDiskGigabytes: number };

export interface Layout {
  readonly pools: readonly LayoutPool[];
  readonly subvolumes: readonly LayoutSubvolume[];
}

/** How the disks of one kind of host are laid out. */
export interface LayoutProfile extends Layout {
  readonly name: string;
  /** One sentence for help and docs. */
  readonly summary: string;
  readonly hardware: HardwareRule;
}

type Written = Pick<LayoutSubvolume, "name" | "reason"> & Partial<LayoutSubvolume>;

/** A subvolume with what holds where a layout does not say otherwise: copy-on-write, nothing asked of compression, no access times. */
export function subvolume(written: Written): LayoutSubvolume {
  return {
    pool: "primary",
    mountPoint: null,
    copyOnWrite: true,
    compression: null,
    mountOptions: ["noatime"],
    presence: "required",
    whole: false,
    swap: false,
    ...written,
  };
}
