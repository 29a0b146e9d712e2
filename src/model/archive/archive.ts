/**
 * Archives of one destination and the chains that they form: a full archive stands for itself, an incremental one is worth nothing
 * without the archive that it was made against. Pure rules; who lists and reads is `tools/archive/catalog.ts`.
 */
export interface Archive {
  /** Of its object at the destination, whole. */
  readonly key: string;
  /** As `btrfs receive` will remember it: the parent of an incremental archive is found by this. */
  readonly uuid: string;
  /** Null: a full archive. */
  readonly parentUuid: string | null;
  readonly parentKey: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface Chain<Item extends Archive = Archive> {
  /** The full archive first, the one that was asked for last; where the chain is broken, only what hangs together with the latter. */
  readonly links: readonly Item[];
  /** Why it cannot be restored; null: it can. */
  readonly broken: string | null;
}

/** The archives that it takes to restore one of them. @param archives those whose object is there and whole, by key */
export function chainOf<Item extends Archive>(archive: Item, archives: ReadonlyMap<string, Item>): Chain<Item> {
  const links: Item[] = [archive];
  const seen = new Set([archive.key]);
  for (let [link] = links as [Item]; link.parentUuid !== null; [link] = links as [Item]) {
    const broken = (why: string): Chain<Item> => ({ links, broken: why });
    if (link.parentKey === null) return broken(`${link.key} does not say where its parent is`);
    const parent = archives.get(link.parentKey);
    if (parent === undefined) return broken(`${link.key} needs ${link.parentKey}, which is not there or not whole`);
    if (parent.uuid !== link.parentUuid) return broken(`${link.key} needs another archive than ${parent.key} holds`);
    if (seen.has(parent.key)) return broken(`${link.key} needs itself`);
    seen.add(parent.key);
    links.unshift(parent);
  }
  return { links, broken: null };
}

export interface Removal<Item extends Archive = Archive> {
  /** What nobody needs, in an order in which no archive is ever without its parent, wherever the removal stops. */
  readonly removable: readonly Item[];
  /** What has to stay although it was not asked for, and the kept archive that needs it. */
  readonly needed: readonly { readonly archive: Item; readonly by: string }[];
}

/**
 * Which archives may go without breaking the chain of one that stays.
 * @param archives everything whole, also what belongs to other chains
 * @param kept keys of those that stay
 */
export function removableArchives<Item extends Archive>(
  archives: readonly Item[],
  kept: ReadonlySet<string>,
): Removal<Item> {
  const byKey = new Map(archives.map((archive) => [archive.key, archive]));
  const neededBy = new Map<string, string>();
  for (const archive of archives) {
    if (!kept.has(archive.key)) continue;
    for (const { key } of chainOf(archive, byKey).links) if (!neededBy.has(key)) neededBy.set(key, archive.key);
  }
  const needed = archives.flatMap((archive) => {
    const by = neededBy.get(archive.key);
    return by === undefined || kept.has(archive.key) ? [] : [{ archive, by }];
  });
  const unneeded = archives.filter(({ key }) => !neededBy.has(key));
  const depth = new Map(unneeded.map((archive) => [archive.key, chainOf(archive, byKey).links.length]));
  const removable = unneeded.toSorted((a, b) => (depth.get(b.key) ?? 0) - (depth.get(a.key) ?? 0));
  return { removable, needed };
}

/** A read-only snapshot on this machine that an incremental archive could be made against. */
export interface LocalSnapshot {
  readonly path: string;
  readonly uuid: string;
  readonly receivedUuid: string | null;
  /** What it is a snapshot of. */
  readonly parentUuid: string | null;
}

/** What `btrfs send` calls a snapshot: one that was itself received keeps the name of its origin. */
export function sentUuid({ uuid, receivedUuid }: Pick<LocalSnapshot, "uuid" | "receivedUuid">): string {
  return receivedUuid ?? uuid;
}

export interface Parent<Item extends Archive, Snapshot extends LocalSnapshot> {
  readonly archive: Item;
  readonly snapshot: Snapshot;
}

/**
 * What an incremental archive of a snapshot is made against: the newest archive whose chain is whole and young enough, and whose
 * snapshot is still here. Null: it has to be a full one.
 * @param rules.fullEvery milliseconds: a chain whose full archive is older is not continued
 */
export function chooseParent<Item extends Archive, Snapshot extends LocalSnapshot>(
  snapshot: LocalSnapshot,
  archives: readonly Item[],
  local: readonly Snapshot[],
  rules: { readonly now: number; readonly fullEvery: number },
): Parent<Item, Snapshot> | null {
  const byKey = new Map(archives.map((archive) => [archive.key, archive]));
  // Two snapshots of the same subvolume: what else looks alike may share nothing, and would make an incremental archive larger than a full one.
  const siblings = local.filter(
    ({ uuid, parentUuid }) => uuid !== snapshot.uuid && parentUuid !== null && parentUuid === snapshot.parentUuid,
  );
  const bySent = new Map(siblings.map((sibling) => [sentUuid(sibling), sibling]));
  for (const archive of archives.toSorted((a, b) => b.createdAt - a.createdAt)) {
    const sibling = bySent.get(archive.uuid);
    if (sibling === undefined) continue;
    const { links, broken } = chainOf(archive, byKey);
    if (broken === null && rules.now - (links[0] as Item).createdAt < rules.fullEvery) {
      return { archive, snapshot: sibling };
    }
  }
  return null;
}
