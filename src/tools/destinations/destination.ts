import { StepError } from "../../model/run/outcome.ts";
import type { RcloneDestination } from "../rclone/rclone.ts";
import { s3Destination } from "../s3/destination.ts";
import type { Destination } from "./destination-interface.ts";
import { localDestination } from "./local-destination.ts";

export type * from "./destination-interface.ts";

/** @param prefix what the configuration puts before everything in the bucket */
export function openDestination(place: RcloneDestination, prefix: string, signal: AbortSignal): Destination {
  return place.type === "s3" ? s3Destination(place, prefix, signal) : localDestination(place.path, signal);
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
