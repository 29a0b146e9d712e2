import { ownTag } from "./restic/history.ts";
import type { ResticSnapshot } from "./restic/output.ts";

/** Where the files of a snapshot came from: put before a path of the snapshot, it is the path of the source. */
export interface Origin {
  /** Where they were read; of a Btrfs snapshot that is not there any more, nothing is left to compare with. */
  readonly readAt: string;
  /** Where they live; the same as `readAt`, but for what was read from a Btrfs snapshot. */
  readonly livesAt: string;
}

/**
 * restic keeps absolute paths as they are (restored below `/scratch`, `/srv/x` lies at `/scratch/srv/x`). What pantheros read from a Btrfs
 * snapshot lies relative to that; its tags tell where the data lives.
 */
export function originOf({ tags, paths }: Pick<ResticSnapshot, "tags" | "paths">): Origin {
  const lives = tags.filter((tag) => tag.startsWith("path:")).map((tag) => decode(tag.slice("path:".length)));
  const [path] = paths;
  if (!tags.includes(ownTag) || path === undefined || lives.length === 0 || lives.includes(path)) {
    return { readAt: "/", livesAt: "/" };
  }
  const pairs = lives.map((live) => ({ live, common: commonEnd(live, path) }));
  const best = pairs.reduce((one, other) => (other.common.length > one.common.length ? other : one));
  return { readAt: without(path, best.common), livesAt: without(best.live, best.common) };
}

/** `data/db` of `/home/data/db` and `/snapshots/home.20261121T000000Z/data/db`. */
function commonEnd(one: string, other: string): readonly string[] {
  const [left, right] = [one.split("/"), other.split("/")];
  const common: string[] = [];
  for (let name = left.pop(); name !== undefined && name !== "" && name === right.pop(); name = left.pop()) {
    common.unshift(name);
  }
  return common;
}

function without(path: string, end: readonly string[]): string {
  const names = path.split("/");
  return names.slice(0, names.length - end.length).join("/") || "/";
}

/** As `ownTags` escapes them. */
function decode(text: string): string {
  return text.replaceAll(/%25|%2C/g, decodeURIComponent);
}
