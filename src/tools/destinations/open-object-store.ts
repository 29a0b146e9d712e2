import type { RcloneDestination } from "../rclone/rclone.ts";
import type { ObjectStore } from "./object-store.ts";
import { folderStore } from "./object-store-folder.ts";
import { s3Store } from "./object-store-s3.ts";

export function openObjectStore(place: RcloneDestination, signal: AbortSignal): ObjectStore {
  return place.type === "s3" ? s3Store(place, signal) : folderStore(place.path, signal);
}
