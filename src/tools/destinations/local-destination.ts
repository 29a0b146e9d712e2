import { constants, type Stats } from "node:fs";
import { access, lstat, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { fileTree } from "../files/tree.ts";
import { objectName } from "../rclone/names.ts";
import type { Destination, StoredFile } from "./destination-interface.ts";

/** A folder, as a destination. @param path absolute */
export function localDestination(path: string, signal: AbortSignal): Destination {
  async function* below(prefix: string): AsyncGenerator<StoredFile> {
    for await (const file of fileTree(join(path, prefix), signal).files) {
      yield { name: objectName(file.path), size: file.size };
    }
  }
  return {
    probe: () => probeFolder(path),
    list: below,
    async *listFrom(start) {
      const folder = start.slice(0, start.lastIndexOf("/") + 1);
      for (const name of await names(path, folder)) {
        const whole = `${folder}${name}`;
        if (!whole.startsWith(start)) continue;
        const state = await look(join(path, whole));
        if (state?.isFile()) yield { name: whole, size: state.size };
        if (!state?.isDirectory()) continue;
        for await (const file of below(whole)) yield { name: `${whole}/${file.name}`, size: file.size };
      }
    },
    async *foldersFrom(start) {
      const folder = start.slice(0, start.lastIndexOf("/") + 1);
      for (const name of await names(path, folder)) {
        const whole = `${folder}${name}`;
        if (whole.startsWith(start) && (await look(join(path, whole)))?.isDirectory()) yield whole;
      }
    },
    countVersions: async () => 0,
    async removeBelow(prefix) {
      if (prefix === "") throw new TypeError("nothing removes a whole destination");
      await remove(join(path, prefix), { recursive: true });
    },
    removeFile: (name) => remove(join(path, name)),
    url: (prefix) => join(path, prefix, "/"),
    close: () => undefined,
  };
}

/** In their order; none where the folder has not been made yet. That the destination itself is gone is not the same. */
async function names(path: string, folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(join(path, folder))).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && folder !== "" && (await look(path))) return [];
    throw unreadable(join(path, folder), error);
  }
}

/** Not through symbolic links; null when it has just gone. */
async function look(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): StepError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StepError("source", `${path} cannot be looked at: ${message}`, {
    advice: "see that it is mounted and can be read",
    cause,
  });
}

async function remove(path: string, how: { readonly recursive?: true } = {}): Promise<void> {
  try {
    await rm(path, { force: true, ...how });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new StepError(code === "EACCES" || code === "EPERM" ? "auth" : "source", `${path} stays: ${message}`, {
      advice: "see that the user of pantheros may remove it, and that it is not mounted read-only",
      cause,
    });
  }
}

async function probeFolder(path: string): Promise<void> {
  const state = await stat(path).catch((cause: unknown) => {
    throw new StepError("config", `the destination ${path} is not there`, {
      advice: `mount it, or create it: mkdir -p ${path}`,
      cause,
    });
  });
  if (!state.isDirectory()) {
    throw new StepError("config", `the destination ${path} is not a folder`, { advice: "name a folder" });
  }
  await access(path, constants.W_OK).catch((cause: unknown) => {
    throw new StepError("config", `the destination ${path} cannot be written`, {
      advice: "make it writable for the user of pantheros, or remount it read-write",
      cause,
    });
  });
  const { bavail, bsize } = await statfs(path);
  if (bavail * bsize === 0) {
    throw new StepError("space", `the destination ${path} is full`, { advice: `free space there: df ${path}` });
  }
}
