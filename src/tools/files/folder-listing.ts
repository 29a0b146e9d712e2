import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { isRepositoryId, type ListedFile, type RepositoryListing } from "../restic/repository-listing.ts";
import { fileTree } from "./tree.ts";

/** What a folder tells of the repository in it. */
export function openFolderListing(place: string, signal: AbortSignal): RepositoryListing {
  return {
    exists: () =>
      access(join(place, "config")).then(
        () => true,
        (cause: NodeJS.ErrnoException) => {
          if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return false;
          throw unreadable(place, cause);
        },
      ),

    async ids(folder) {
      if (folder === "data") return new Set((await this.files(folder)).keys());
      const names = await readdir(join(place, folder)).catch((cause: NodeJS.ErrnoException) => {
        throw unreadable(place, cause);
      });
      return new Set(names.filter(isRepositoryId));
    },

    async files(folder) {
      const found = new Map<string, ListedFile>();
      try {
        for await (const { path, size, modifiedAt } of fileTree(join(place, folder), signal).files) {
          const id = path.toString("utf8").replace(/^[0-9a-f]{2}\//, "");
          if (isRepositoryId(id)) found.set(id, { size, writtenAt: modifiedAt / 1000 });
        }
      } catch (error) {
        throw error instanceof StepError && error.reason === "source" ? unreadable(place, error.details.cause) : error;
      }
      return found;
    },

    read: (folder, id) =>
      readFile(join(place, folder, id)).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === "ENOENT") return null;
        throw unreadable(place, cause);
      }),
  };
}

function unreadable(place: string, cause: unknown): StepError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new StepError("repository_missing", `there is no repository at ${place}`, {
      advice: "see that the path is right and that its disk is mounted",
      cause,
    });
  }
  return new StepError("auth", `the repository at ${place} cannot be read: ${code ?? message}`, {
    advice: "run as its owner, or let this user read it",
    cause,
  });
}
