/** Folders of a repository that hold files named by the SHA-256 of their content. */
export type RepositoryFolder = "snapshots" | "locks" | "keys" | "index" | "data";

export interface ListedFile {
  /** Bytes. */
  readonly size: number;
  /** When it was written, seconds since the epoch. A folder tells it, a REST server does not (rest-server 0.13, seen 2026-11-21). */
  readonly writtenAt?: number;
}

/** By id, 64 characters. */
export type ListedFiles = ReadonlyMap<string, ListedFile>;

/**
 * What can be seen of a repository without its password and without starting restic: which files there are. Every function throws StepError:
 * `repository_missing`, `auth`, `network`, `throttled`, `cancelled`, or `unknown` when what it is told cannot be a listing.
 */
export interface RepositoryListing {
  /** Whether there is a repository at all. */
  exists(): Promise<boolean>;
  /** Names alone, which cost least. */
  ids(folder: RepositoryFolder): Promise<ReadonlySet<string>>;
  files(folder: RepositoryFolder): Promise<ListedFiles>;
  /** The content of a small file, encrypted as it is; null: it is not there. */
  read(folder: Exclude<RepositoryFolder, "data">, id: string): Promise<Buffer | null>;
}

export interface ListingLimits {
  readonly signal: AbortSignal;
  /** For each answer of a server. */
  readonly seconds: number;
}

/** The name of a file of a repository, which is the SHA-256 of its content, but for `config`. */
export const isRepositoryId = (name: string) => /^[0-9a-f]{64}$/.test(name);
