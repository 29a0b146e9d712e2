import { type Archive, type Chain, chainOf } from "../../model/archive/archive.ts";
import { archiveFolder, keyOfManifest, parseArchiveKey } from "../../model/archive/key.ts";
import { StepError } from "../../model/run/outcome.ts";
import type { ObjectStore, StoredObject } from "../destinations/object-store.ts";
import { type ManifestArchive, parseManifest } from "./manifest.ts";

/** What a destination holds of the archives of one host. */
export interface ArchiveCatalog {
  /** Those whose object is there in the size that its manifest says, by key. */
  readonly archives: ReadonlyMap<string, ManifestArchive>;
  /** Objects without a manifest: being written just now, or left behind by a run that failed. */
  readonly orphans: readonly StoredObject[];
  /** What has a manifest that says something else than what is there, and why. */
  readonly faults: readonly ArchiveFault[];
}

export interface ArchiveFault {
  readonly key: string;
  readonly problem: string;
}

export interface CatalogQuery {
  /** Below which all archives are, the destination's own prefix included. */
  readonly prefix: string;
  readonly host: string;
  /** @default all names */
  readonly name?: string;
}

/** A manifest is some 1 kB; what is larger is none. */
const largestManifest = 64 * 1024;
const manifestsAtOnce = 8;

/**
 * Lists the archives of a host and reads their manifests.
 * @throws StepError as the store does; a manifest that cannot be used is a fault, not a failure
 */
export async function readCatalog(store: ObjectStore, query: CatalogQuery): Promise<ArchiveCatalog> {
  const { objects, manifests } = await listArchives(store, query);
  const archives = new Map<string, ManifestArchive>();
  const faults: ArchiveFault[] = [];
  const all = [...manifests.values()];
  for (let at = 0; at < all.length; at += manifestsAtOnce) {
    const some = all.slice(at, at + manifestsAtOnce);
    for (const archive of await Promise.all(some.map((manifest) => readManifest(store, manifest)))) {
      const problem = "problem" in archive ? archive.problem : difference(archive, objects.get(archive.key));
      if (problem !== null) faults.push({ key: archive.key, problem });
      else if (!("problem" in archive)) archives.set(archive.key, archive);
    }
  }
  return { archives, orphans: withoutManifest(objects, manifests), faults };
}

/** The orphans alone, which a listing tells: no manifest is read. @throws StepError as the store does */
export async function listOrphans(store: ObjectStore, query: CatalogQuery): Promise<ArchiveCatalog["orphans"]> {
  const { objects, manifests } = await listArchives(store, query);
  return withoutManifest(objects, manifests);
}

type ByArchive = ReadonlyMap<string, StoredObject>;

/** What is there, both by the key of the archive. */
async function listArchives(
  store: ObjectStore,
  query: CatalogQuery,
): Promise<{ readonly objects: ByArchive; readonly manifests: ByArchive }> {
  const objects = new Map<string, StoredObject>();
  const manifests = new Map<string, StoredObject>();
  for await (const object of store.list(archiveFolder(query.prefix, query.host))) {
    const manifestOf = keyOfManifest(object.key);
    const named = parseArchiveKey(query.prefix, manifestOf ?? object.key);
    if (named === null || named.host !== query.host) continue;
    if (query.name !== undefined && named.name !== query.name) continue;
    if (manifestOf === null) objects.set(object.key, object);
    else manifests.set(manifestOf, object);
  }
  return { objects, manifests };
}

function withoutManifest(objects: ByArchive, manifests: ByArchive): readonly StoredObject[] {
  return [...objects.values()].filter(({ key }) => !manifests.has(key));
}

async function readManifest(store: ObjectStore, { key, size }: StoredObject): Promise<ManifestArchive | ArchiveFault> {
  const described = keyOfManifest(key) ?? key;
  if (size > largestManifest)
    return { key: described, problem: `its manifest has ${size} bytes: it is something else` };
  try {
    return parseManifest(await readText(store, key, size), described);
  } catch (error) {
    if (error instanceof StepError && (error.reason === "verification" || error.reason === "source")) {
      return { key: described, problem: error.message };
    }
    throw error;
  }
}

export async function readText(store: ObjectStore, key: string, size: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.read(key, size)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function difference({ manifest }: ManifestArchive, object: StoredObject | undefined): string | null {
  if (object === undefined) return "there is a manifest, but no object";
  if (object.size === manifest.stored_bytes) return null;
  return `it has ${object.size} bytes, its manifest says ${manifest.stored_bytes}`;
}

/** Newest first: those that can be restored, each with its chain. */
export function restorable({ archives }: ArchiveCatalog): readonly Chain<ManifestArchive>[] {
  return [...archives.values()]
    .map((archive) => chainOf(archive, archives))
    .filter(({ broken }) => broken === null)
    .toSorted((a, b) => newest(b).createdAt - newest(a).createdAt);
}

/** The one that a chain leads to. */
export function newest<Item extends Archive>({ links }: Chain<Item>): Item {
  return links.at(-1) as Item;
}
