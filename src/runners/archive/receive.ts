import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Chain } from "../../model/archive/archive.ts";
import { StepError } from "../../model/run/outcome.ts";
import { verifiedContent } from "../../tools/archive/content.ts";
import type { ManifestArchive } from "../../tools/archive/manifest.ts";
import { showSubvolume } from "../../tools/btrfs/btrfs.ts";
import { receiving } from "../../tools/btrfs/send.ts";
import type { ObjectStore } from "../../tools/destinations/object-store.ts";
import { decompressing } from "../../tools/zstd.ts";
import { pacedProgress } from "../paced-progress.ts";
import type { RunnerContext } from "../runner.ts";

/**
 * Fetches and receives a chain, the full archive first, and checks what is fetched and what came of it.
 * @returns the path of the snapshot that the chain leads to
 */
export async function receiveAll(
  chain: Chain<ManifestArchive>,
  scratch: string,
  store: ObjectStore,
  watch: Stopwatch,
  context: RunnerContext,
): Promise<string> {
  const bytesTotal = chain.links.reduce((sum, { manifest }) => sum + manifest.stored_bytes, 0);
  const progress = pacedProgress(context);
  let bytesDone = 0;
  let path = scratch;
  for (const [index, link] of chain.links.entries()) {
    // Each in a folder of its own: all of them may have the same name.
    const directory = join(scratch, `${index}`);
    await mkdir(directory);
    const note = `restoring archive ${index + 1} of ${chain.links.length}`;
    const content = verifiedContent(store, link, (count) => {
      bytesDone += count;
      progress({ bytesDone, bytesTotal, ratio: bytesDone / bytesTotal, note });
    });
    await context.pipeline({ programs: [decompressing(), receiving(directory)], input: watch.fetching(content) });
    path = await received(directory, link, context);
  }
  return path;
}

/** What came of it, which has to be what the manifest says: Btrfs itself is asked. */
async function received(
  directory: string,
  { key, manifest }: ManifestArchive,
  context: RunnerContext,
): Promise<string> {
  const names = await readdir(directory);
  const path = join(directory, names[0] ?? "");
  const shown = names.length === 1 ? await showSubvolume(context.execute, path) : null;
  if (shown?.readOnly === true && shown.receivedUuid === manifest.received_uuid) return path;
  const problem =
    shown === null ? `it left ${names.length} entries` : `it became ${shown.receivedUuid ?? "no received subvolume"}`;
  throw new StepError(
    "verification",
    `${key} was received, but is not the snapshot ${manifest.received_uuid}: ${problem}`,
    {
      advice: "look at the archive by hand: zstd -dc | btrfs receive --dump",
    },
  );
}

type Phase = "fetch" | "load" | "query";
export type Stopwatch = ReturnType<typeof stopwatch>;
/** Seconds with milliseconds. */
export const rounded = (milliseconds: number) => Math.round(milliseconds) / 1000;

/** Fetching and loading go on at the same time: each moment counts for the one that the other waits for. */
export function stopwatch() {
  const spent: Record<Phase, number> = { fetch: 0, load: 0, query: 0 };
  let phase: Phase | null = null;
  let since = 0;
  const enter = (next: Phase | null) => {
    const now = performance.now();
    if (phase !== null) spent[phase] += now - since;
    phase = next;
    since = now;
  };
  return {
    enter,
    async *fetching(content: AsyncIterable<Buffer>) {
      enter("fetch");
      for await (const chunk of content) {
        enter("load");
        yield chunk;
        enter("fetch");
      }
      enter("load");
    },
    seconds: () => ({
      fetch_seconds: rounded(spent.fetch),
      load_seconds: rounded(spent.load),
      query_seconds: rounded(spent.query),
    }),
  };
}
