import type { Destination } from "../destinations/destination-interface.ts";
import type { RcloneDestination } from "../rclone/rclone.ts";
import { createS3 } from "./s3.ts";

/** Requests that delete, at once: each takes a round trip, and one for many keys is not spoken by everyone. */
const deletions = 8;

/** @param configured what the configuration puts before everything in the bucket */
export function s3Destination(
  place: Extract<RcloneDestination, { type: "s3" }>,
  configured: string,
  signal: AbortSignal,
): Destination {
  const s3 = createS3(place);
  const { bucket } = place;
  const folder = (prefix: string) => (prefix === "" ? "" : `${prefix}/`);

  async function* keys(prefix: string, versions: boolean): AsyncGenerator<{ key: string; versionId?: string }> {
    if (!versions) yield* s3.listObjects({ bucket, prefix, signal });
    else for await (const { key, versionId } of s3.listVersions({ bucket, prefix, signal })) yield { key, versionId };
  }
  const remove = ({ key, versionId }: { key: string; versionId?: string }) =>
    s3.deleteObject({ bucket, key, signal }, versionId);

  return {
    probe: () => s3.probe({ bucket, prefix: folder(configured), signal }),
    async *list(prefix) {
      const start = folder(prefix);
      for await (const { key, size } of s3.listObjects({ bucket, prefix: start, signal })) {
        yield { name: key.slice(start.length), size };
      }
    },
    async *listFrom(start) {
      for await (const { key, size } of s3.listObjects({ bucket, prefix: start, signal })) yield { name: key, size };
    },
    async *foldersFrom(start) {
      for await (const name of s3.listFolders({ bucket, prefix: start, signal })) yield name.slice(0, -1);
    },
    async countVersions(start) {
      let count = 0;
      for await (const _ of s3.listVersions({ bucket, prefix: start, signal })) count += 1;
      return count;
    },
    async removeBelow(prefix, { versions }) {
      if (prefix === "") throw new TypeError("nothing removes a whole bucket");
      await severalAtOnce(keys(folder(prefix), versions), remove);
    },
    async removeFile(name, { versions }) {
      if (!versions) return await remove({ key: name });
      for await (const version of keys(name, true)) if (version.key === name) await remove(version);
    },
    url: (prefix) => `s3://${bucket}/${folder(prefix)}`,
    close: s3.close,
  };
}

/** The first failure ends it, when what was begun with it has ended too. */
async function severalAtOnce<Item>(items: AsyncIterable<Item>, work: (item: Item) => Promise<void>): Promise<void> {
  let batch: Promise<void>[] = [];
  const finish = async () => {
    const failed = (await Promise.allSettled(batch)).find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    batch = [];
  };
  for await (const item of items) {
    batch.push(work(item));
    if (batch.length === deletions) await finish();
  }
  await finish();
}
