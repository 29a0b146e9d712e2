import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { StepError } from "../model/outcome.ts";
import { fileTree } from "./file-tree.ts";
import type { RcloneDestination } from "./rclone.ts";
import { objectName } from "./rclone-names.ts";
import { createS3 } from "./s3.ts";

/** A place for copies, looked at without the tool that copies: what it shows is proof. */
export interface Destination {
  /** Looks whether it is there, lets us in and has room; changes nothing. */
  readonly probe: () => Promise<void>;
  /** Everything below a prefix; names are relative to it, as `objectName` writes them. */
  readonly list: (prefix: string) => AsyncIterable<StoredFile>;
  readonly url: (prefix: string) => string;
  readonly close: () => void;
}

export interface StoredFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

/** @param prefix what the configuration puts before everything in the bucket */
export function openDestination(place: RcloneDestination, prefix: string, signal: AbortSignal): Destination {
  return place.type === "s3" ? s3Destination(place, prefix, signal) : localDestination(place.path, signal);
}

function s3Destination(
  place: Extract<RcloneDestination, { type: "s3" }>,
  configured: string,
  signal: AbortSignal,
): Destination {
  const s3 = createS3(place);
  const { bucket } = place;
  const folder = (prefix: string) => (prefix === "" ? "" : `${prefix}/`);
  return {
    probe: () => s3.probe({ bucket, prefix: folder(configured), signal }),
    async *list(prefix) {
      const start = folder(prefix);
      for await (const { key, size } of s3.listObjects({ bucket, prefix: start, signal })) {
        yield { name: key.slice(start.length), size };
      }
    },
    url: (prefix) => `s3://${bucket}/${folder(prefix)}`,
    close: s3.close,
  };
}

function localDestination(path: string, signal: AbortSignal): Destination {
  return {
    probe: () => probeFolder(path),
    async *list(prefix) {
      for await (const file of fileTree(join(path, prefix), signal).files) {
        yield { name: objectName(file.path), size: file.size };
      }
    },
    url: (prefix) => join(path, prefix, "/"),
    close: () => undefined,
  };
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

/** What rclone would write differently, or resolve: control characters, its own escape mark and pictures. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const unfit = /[\u0000-\u001f\u007f‛␀-␡／．]/;

/**
 * Parts of a prefix as one, without a slash at either end: `backups` and `/db/` make `backups/db`.
 * @throws StepError `config` for `.` and `..`, empty names within, and characters that would not arrive as they are
 */
export function joinPrefix(...parts: readonly string[]): string {
  const names = parts.flatMap((part) => {
    const trimmed = part.replaceAll(/^\/+|\/+$/g, "");
    return trimmed === "" ? [] : trimmed.split("/");
  });
  const bad = names.find((name) => name === "" || name === "." || name === ".." || unfit.test(name));
  if (bad === undefined) return names.join("/");
  throw new StepError("config", `the prefix ${JSON.stringify(names.join("/"))} cannot be used`, {
    advice: "use plain names separated by single slashes, without . and .. and control characters",
  });
}
