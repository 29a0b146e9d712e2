import * as z from "zod";
import type { Sample } from "../../model/samples/sample.ts";
import type { ListedFiles } from "../../tools/restic/repository-listing.ts";
import type { CollectorContext } from "../collector.ts";

/** When each lock was first seen, seconds since the epoch, by id. */
const firstSeen = z.record(z.string(), z.number()).catch({});

/**
 * How many locks there are, and since when the oldest. A lock in a folder is dated by its file; elsewhere it is at least as old as the
 * first look that saw it. A restic at work makes its lock anew every 5 minutes, under another id.
 */
export function lockSamples(
  repository: string,
  locks: ListedFiles,
  { now, recall, remember }: Pick<CollectorContext, "now" | "recall" | "remember">,
): readonly Sample[] {
  const labels = { repository };
  const key = `locks/${repository}`;
  const before = firstSeen.parse(recall(key) ?? {});
  const seen = Object.fromEntries([...locks].map(([id, { writtenAt }]) => [id, writtenAt ?? before[id] ?? now]));
  const ids = Object.keys(seen);
  if (ids.length !== Object.keys(before).length || ids.some((id) => !(id in before))) {
    remember(key, ids.length === 0 ? null : seen);
  }
  const count: Sample = { metric: "repositoryLocks", labels, value: locks.size };
  if (ids.length === 0) return [count];
  return [count, { metric: "repositoryLockAge", labels, since: Math.min(...Object.values(seen)) }];
}
