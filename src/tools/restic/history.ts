/** Carried by every snapshot that pantheros makes. */
export const ownTag = "pantheros";

/**
 * Tags by which the snapshots of one job and source are one history, wherever the source was read from.
 * @param livePaths where the data lives; the path of a Btrfs snapshot is another one in every run
 */
export function ownTags(job: string, livePaths: readonly string[]): readonly string[] {
  return [ownTag, `job:${job}`, ...livePaths.map((path) => `path:${escapeTag(path)}`)];
}

/** restic takes a comma for the end of a tag. */
function escapeTag(text: string): string {
  return text.replaceAll(/[%,]/g, encodeURIComponent);
}

/**
 * What a snapshot's history is told by, as `forget.restic` applies policies: ours by their tags, for the path of a Btrfs snapshot is another
 * one in every run; those of others by paths and tags.
 */
export function historyOf(host: string, tags: readonly string[], paths: readonly string[]): string {
  const marks = tags.includes(ownTag) ? tags.toSorted() : [...paths.toSorted(), ...tags.toSorted()];
  return [host, ...marks].join(" ");
}
