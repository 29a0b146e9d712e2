import type { ListedSubvolume } from "./list.ts";

/** A subvolume whose snapshots are looked for. */
export interface Source {
  readonly uuid: string;
  /** Its directory of snapshots, from the top level of the filesystem; null: not made yet. */
  readonly directory: string | null;
}

/**
 * What there is of each source on the filesystem, in the order of the list: snapshots by their parent, whatever made them and wherever they are;
 * copies of those that came by `btrfs receive`; and what was received right into the directory of snapshots, where no other source has
 * the same directory. The result has the order of `sources`.
 */
export function snapshotsOf(
  sources: readonly Source[],
  all: readonly ListedSubvolume[],
): readonly (readonly ListedSubvolume[])[] {
  const byParent = Map.groupBy(all, ({ parentUuid }) => parentUuid);
  const received = all.filter(({ receivedUuid }) => receivedUuid !== null);
  const byReceived = Map.groupBy(received, ({ receivedUuid }) => receivedUuid);
  const byDirectory = Map.groupBy(received, ({ path }) => path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  return sources.map(({ uuid, directory }) => {
    const own = byParent.get(uuid) ?? [];
    const copies = [uuid, ...own.map((snapshot) => snapshot.uuid)].flatMap((sent) => byReceived.get(sent) ?? []);
    const shared = sources.filter((other) => other.directory === directory).length > 1;
    const placed = directory === null || shared ? [] : (byDirectory.get(directory) ?? []);
    const found = new Map([...own, ...copies, ...placed].map((snapshot) => [snapshot.id, snapshot]));
    return [...found.values()].filter((snapshot) => snapshot.uuid !== uuid);
  });
}
