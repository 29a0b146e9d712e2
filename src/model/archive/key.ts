/** Names of archives at their destination: `HOST/2026/11/home-20261121T085700Z-full.btrfs.zst`, its manifest beside it with `.json` more. */
export interface ArchiveName {
  readonly host: string;
  /** What it is an archive of; see `archiveName`. */
  readonly name: string;
  /** Of the run that made it: `20261121T085700Z`. */
  readonly timestamp: string;
  readonly mode: "full" | "incr";
  /** Of several archives of one second; 0: the first. @default 0 */
  readonly copy?: number;
}

const suffix = ".btrfs.zst";
const pattern = /^([^/]+)\/(\d{4})\/(\d{2})\/([A-Za-z0-9._-]+)-(\d{8}T\d{6}Z)(?:_(\d+))?-(full|incr)\.btrfs\.zst$/;

/** @param prefix below which all archives are, without a slash at either end; may be empty */
export function archiveKey(prefix: string, { host, name, timestamp, mode, copy = 0 }: ArchiveName): string {
  const file = `${name}-${timestamp}${copy === 0 ? "" : `_${copy}`}-${mode}${suffix}`;
  return `${archiveFolder(prefix, host)}/${timestamp.slice(0, 4)}/${timestamp.slice(4, 6)}/${file}`;
}

/** Where all archives of a host are, without a slash at its end. */
export function archiveFolder(prefix: string, host: string): string {
  return prefix === "" ? host : `${prefix}/${host}`;
}

export function manifestKey(key: string): string {
  return `${key}.json`;
}

/** The key of the object that a manifest speaks of; null: it is the name of no manifest. */
export function keyOfManifest(manifest: string): string | null {
  return manifest.endsWith(`${suffix}.json`) ? manifest.slice(0, -".json".length) : null;
}

/** Null: it is not the name of an archive. */
export function parseArchiveKey(prefix: string, key: string): Required<ArchiveName> | null {
  const start = prefix === "" ? "" : `${prefix}/`;
  if (!key.startsWith(start)) return null;
  const match = pattern.exec(key.slice(start.length));
  if (match === null) return null;
  const [, host = "", year = "", month = "", name = "", timestamp = "", copy = "0", mode] = match;
  if (!timestamp.startsWith(`${year}${month}`)) return null;
  return { host, name, timestamp, mode: mode as ArchiveName["mode"], copy: Number(copy) };
}

/**
 * A name that fits into a key, from the file name of a snapshot: its timestamp is taken off, and what would not arrive everywhere as it is
 * becomes an underscore.
 */
export function archiveName(fileName: string): string {
  const plain = fileName.replace(/[.@_-]?\d{8}T?\d{0,6}Z?(?:_\d+)?$/, "").replaceAll(/[^A-Za-z0-9._-]/g, "_");
  const name = plain.replace(/^[._-]+/, "").slice(0, 63);
  return name === "" ? "snapshot" : name;
}
