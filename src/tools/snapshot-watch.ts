import { createHash } from "node:crypto";
import { openListing } from "./destinations/open-listing.ts";
import type { PlacedRepository } from "./restic/repository.ts";
import { isRepositoryId, type ListingLimits, type RepositoryListing } from "./restic/repository-listing.ts";

/** What the files of a repository say of a snapshot that a backup claims to have made. */
export type Sighting =
  /** It came since the backup began, and its content has the SHA-256 that is its name: it is whole, and nobody else's. */
  | { readonly state: "whole"; readonly id: string }
  /** `older`: it was there before the backup began. `broken`: its content is not what its name says, or it is empty. */
  | { readonly state: "older" | "broken"; readonly id: string }
  /** It is not there, or the files cannot be seen: restic has to be asked. */
  | { readonly state: "unseen" };

/** Knows which snapshots were there before a backup began. */
export interface SnapshotWatch {
  /** @param claimed the id, or the first 8 characters of it */
  find(claimed: string): Promise<Sighting>;
}

/** Until then restic has been started, and is far from its end. */
const backupBeginsMilliseconds = 50;

const unseen: Sighting = { state: "unseen" };

/** Sees nothing, and so proves nothing. */
export const blindWatch: SnapshotWatch = { find: async () => unseen };

/**
 * Before a backup: remembers what is there. Where the files cannot be listed without restic – S3, SFTP, no right to read – it is blind.
 * What goes wrong here is no failure: it only means that restic itself is asked.
 */
export async function watchSnapshots(repository: PlacedRepository, limits: ListingLimits): Promise<SnapshotWatch> {
  const listing = openListing(repository, limits);
  const before = listing === null ? null : await idsBefore(listing);
  if (listing === null || before === null) return blindWatch;
  // Loading it takes 4 ms, which nobody waits for as long as the backup is at work.
  setTimeout(() => createHash("sha256"), backupBeginsMilliseconds).unref();
  return {
    async find(claimed) {
      try {
        const id = isRepositoryId(claimed) ? claimed : await idOf(claimed, listing, before);
        if (id === null) return unseen;
        if (before.has(id)) return { state: "older", id };
        const content = await listing.read("snapshots", id);
        if (content === null) return unseen;
        const isWhole = createHash("sha256").update(content).digest("hex") === id;
        return { state: isWhole ? "whole" : "broken", id };
      } catch {
        // Said in full by restic, which is asked instead.
        return unseen;
      }
    },
  };
}

async function idsBefore(listing: RepositoryListing): Promise<ReadonlySet<string> | null> {
  try {
    // A repository that is still to be made holds nothing.
    return (await listing.exists()) ? await listing.ids("snapshots") : new Set();
  } catch {
    return null;
  }
}

/** restic 0.14 says the first 8 characters only: of what has come, and else of what was there. */
async function idOf(claimed: string, listing: RepositoryListing, before: ReadonlySet<string>): Promise<string | null> {
  const fitting = [...(await listing.ids("snapshots"))].filter((id) => id.startsWith(claimed));
  return fitting.find((id) => !before.has(id)) ?? fitting[0] ?? null;
}
