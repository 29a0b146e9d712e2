import { removableArchives } from "../../model/archive/archive.ts";
import { manifestKey, parseArchiveKey } from "../../model/archive/key.ts";
import { StepError } from "../../model/run/outcome.ts";
import { memberOf } from "../../model/series.ts";
import { listOrphans, readCatalog } from "../../tools/archive/catalog.ts";
import type { ManifestArchive } from "../../tools/archive/manifest.ts";
import type { Removal } from "../../tools/destinations/destination.ts";
import type { ObjectStore } from "../../tools/destinations/object-store.ts";
import type { OpenDestination } from "../../tools/destinations/open-destination.ts";

/** One thing that is kept or removed as a whole: a folder of a series, an archive. */
export interface Prunable {
  /** Prefix or key, whole. */
  readonly name: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly bytes: number;
}

/** What a pruning step looks at, whatever its things are made of. */
export interface Shelf {
  /** Everything on it, whole. @throws StepError when it cannot be sure that it has seen all */
  list(): Promise<readonly Prunable[]>;
  /** The thing that a step's evidence speaks of, whether it is there or not; null: it would not be on this shelf. */
  claimed(evidence: Readonly<Record<string, unknown>>): string | null;
  /**
   * What may go without harm to what is kept, in the order in which it has to go, and what has to stay although nothing else holds it.
   * @param kept names
   */
  removable(
    all: readonly Prunable[],
    kept: ReadonlySet<string>,
  ): {
    readonly removable: readonly Prunable[];
    readonly needed: readonly { readonly name: string; readonly by: string }[];
  };
  remove(name: string, removal: Removal): Promise<void>;
  /** Versions and delete markers that the destination still has of it; 0 where it keeps none. */
  versions(name: string): Promise<number>;
}

/** Folders with a timestamp in their names. @param series whole text before the timestamp: `backups/falkordb-` */
export function seriesShelf(series: string, destination: OpenDestination): Shelf {
  return {
    async list() {
      const members = new Map<string, { name: string; at: number; bytes: number }>();
      for await (const { name, size } of destination.listFrom(series)) {
        const found = memberOf(series, name);
        if (found === null) continue;
        const member = members.get(found.name) ?? { ...found, bytes: 0 };
        member.bytes += size;
        members.set(found.name, member);
      }
      return [...members.values()];
    },
    claimed({ prefix, key }) {
      const object = typeof key === "string" ? key : `${prefix}/.`;
      return memberOf(series, object)?.name ?? null;
    },
    removable: (all, kept) => ({ removable: all.filter(({ name }) => !kept.has(name)), needed: [] }),
    remove: (name, removal) => destination.removeBelow(name, removal),
    versions: (name) => destination.countVersions(`${name}/`),
  };
}

/** Archives of `archive.btrfs-send`, each with its manifest. @param place.prefix whole, below which all archives are */
export function archiveShelf(
  place: { readonly prefix: string; readonly host: string; readonly name: string },
  store: ObjectStore,
  destination: OpenDestination,
): Shelf {
  let archives: readonly ManifestArchive[] = [];
  return {
    async list() {
      const catalog = await readCatalog(store, place);
      const [fault] = catalog.faults;
      if (fault) {
        const more = catalog.faults.length > 1 ? `, and ${catalog.faults.length - 1} more` : "";
        // Its parent cannot be known, or the listing lacks something: whatever is removed now may be what it needs.
        throw new StepError("verification", `${fault.key}: ${fault.problem}${more}`, {
          advice: "look at it with archive.verify; what is really broken has to be removed by hand, with its manifest",
        });
      }
      archives = [...catalog.archives.values()];
      return archives.map(({ key, createdAt, manifest }) => ({
        name: key,
        at: createdAt / 1000,
        bytes: manifest.stored_bytes,
      }));
    },
    claimed({ key }) {
      const parsed = typeof key === "string" ? parseArchiveKey(place.prefix, key) : null;
      return parsed?.host === place.host && parsed.name === place.name ? (key as string) : null;
    },
    removable(all, kept) {
      const { removable, needed } = removableArchives(archives, kept);
      const byName = new Map(all.map((one) => [one.name, one]));
      return {
        removable: removable.flatMap(({ key }) => byName.get(key) ?? []),
        needed: needed.map(({ archive, by }) => ({ name: archive.key, by })),
      };
    },
    async remove(key, removal) {
      // The manifest makes it count: without it, what is left is no archive.
      await destination.removeFile(manifestKey(key), removal);
      await destination.removeFile(key, removal);
    },
    // The manifest's name begins with that of its archive.
    versions: (key) => destination.countVersions(key),
  };
}

/** What archives are being written just now, or were left unfinished; what they need is not known. */
export async function unfinishedArchive(
  { prefix, host, name }: { readonly prefix: string; readonly host: string; readonly name: string },
  store: ObjectStore,
): Promise<string | null> {
  const folder = prefix === "" ? host : `${prefix}/${host}`;
  for await (const key of store.unfinished(folder)) if (parseArchiveKey(prefix, key)?.name === name) return key;
  const [orphan] = await listOrphans(store, { prefix, host, name });
  return orphan?.key ?? null;
}
