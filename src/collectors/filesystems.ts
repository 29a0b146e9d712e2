import type { Config } from "../config/schema.ts";
import { toStepError } from "../model/run/outcome.ts";
import type { BtrfsPlace } from "../tools/btrfs/health.ts";
import { filesystemOf } from "../tools/btrfs/sysfs.ts";
import { locateNearest, type Place, readMounts } from "../tools/files/filesystem.ts";

/** A filesystem that the configuration has something on. */
export interface Filesystem {
  /** The value of the label `device`. */
  readonly device: string;
  readonly place: Place;
  /** Null: it is no Btrfs. */
  readonly btrfs: BtrfsPlace | null;
}

type Places = Pick<Config, "subvolumes" | "destinations" | "repositories" | "state_directory">;

/** Each filesystem that holds subvolumes, local copies or the state of pantheros, once; and the paths that lead nowhere. */
export async function filesystemsOf(
  config: Places,
): Promise<{ readonly filesystems: readonly Filesystem[]; readonly problems: string[] }> {
  const places = new Map<string, Place>();
  const problems: string[] = [];
  const mounts = await readMounts();
  for (const path of pathsOf(config)) {
    try {
      const { place } = await locateNearest(path, mounts);
      if (!places.has(place.mount.device)) places.set(place.mount.device, place);
    } catch (error) {
      const { message } = toStepError(error);
      problems.push(message.startsWith(path) ? message : `${path}: ${message}`);
    }
  }
  return { filesystems: Array.from(places.values(), filesystemAt), problems };
}

/** `filesystemsOf`, of which only Btrfs is wanted. */
export async function btrfsOf(config: Places) {
  const { filesystems, problems } = await filesystemsOf(config);
  return { found: filesystems.flatMap(({ device, btrfs }) => (btrfs === null ? [] : [{ device, btrfs }])), problems };
}

function pathsOf({ subvolumes, destinations, repositories, state_directory }: Places): readonly string[] {
  return [
    ...Object.values(subvolumes).map(({ path }) => path),
    ...Object.values(destinations).flatMap((destination) => (destination.type === "local" ? [destination.path] : [])),
    // Everything else of restic's has a scheme in front: s3:…, rest:…, sftp:…
    ...Object.values(repositories).map(({ repository }) => repository.replace(/^local:/, "")),
    state_directory,
  ].filter((path) => path.startsWith("/"));
}

function filesystemAt(place: Place): Filesystem {
  const { mount } = place;
  const uuid = mount.type === "btrfs" ? filesystemOf(mount.source) : null;
  return {
    // tmpfs, overlay and their like have no device of their own: the mount point tells them apart.
    device: mount.source.startsWith("/") ? mount.source : mount.mountPoint,
    place,
    btrfs: uuid === null ? null : { uuid, mount },
  };
}
