import { openFolderListing } from "../files/folder-listing.ts";
import { openRestListing } from "../rest-hub/listing.ts";
import { localPath, type PlacedRepository } from "../restic/repository.ts";
import type { ListingLimits, RepositoryListing } from "../restic/repository-listing.ts";

/** Null: only restic can look there (S3, SFTP, …), or a proxy that it is told of stands between. */
export function openListing(repository: PlacedRepository, limits: ListingLimits): RepositoryListing | null {
  const folder = localPath(repository.location);
  return folder === null ? openRestListing(repository, limits) : openFolderListing(folder, limits.signal);
}
