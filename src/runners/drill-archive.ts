import * as z from "zod";
import { absolutePath } from "../config/scalars.ts";
import { type Chain, chainOf } from "../model/archive/archive.ts";
import { lazily } from "../model/lazily.ts";
import { formatBytes, formatDuration } from "../model/quantity.ts";
import { StepError } from "../model/run/outcome.ts";
import { type ArchiveCatalog, newest, readCatalog, restorable } from "../tools/archive/catalog.ts";
import type { ManifestArchive } from "../tools/archive/manifest.ts";
import { isBtrfs, showSubvolume } from "../tools/btrfs/btrfs.ts";
import { btrfsVersion } from "../tools/btrfs/send.ts";
import type { ObjectStore } from "../tools/destinations/object-store.ts";
import { compareTrees, type SameTrees } from "../tools/files/compare-trees.ts";
import { usageOf } from "../tools/files/filesystem.ts";
import { requireZstd } from "../tools/zstd.ts";
import { receiveAll, rounded, stopwatch } from "./archive/receive.ts";
import { archiveSelection, selectionOf } from "./archive/selection.ts";
import { countFiles } from "./archive/source.ts";
import { withStore } from "./archive/store.ts";
import { defineRunner, type RunnerContext, type StepResult } from "./runner.ts";
import { exists } from "./upload.ts";

const DrillOptions = lazily(() =>
  z.strictObject({
    ...archiveSelection(),
    archive: z
      .string()
      .min(1)
      .default("newest")
      .meta({ description: "newest, or the key of the archive, whole, as archive.verify tells it" }),
    into: absolutePath.optional().meta({
      description:
        "Folder on a Btrfs with room for it, in which it is restored for a while; default: the scratch directory",
    }),
  }),
);
type DrillOptions = z.infer<ReturnType<typeof DrillOptions>>;

const DrillEvidence = lazily(() =>
  z.object({
    destination: z.string().meta({ description: "Its name in the configuration" }),
    key: z.string().meta({ description: "The archive that was restored" }),
    archives: z.int().meta({ description: "How many it took: the full one and those on top of it" }),
    uuid: z.string().meta({ description: "Btrfs UUID of the snapshot that it is an archive of" }),
    archive_created_at: z.string().meta({ description: "When it was made, ISO 8601 in UTC" }),
    stored_bytes: z.int().meta({ description: "What was fetched" }),
    files: z.int().meta({ description: "Regular files that were restored; 0 in a dry run" }),
    bytes: z.int().meta({ description: "Their size" }),
    rto_seconds: z.number().meta({ description: "From the first byte until what was restored had been looked at" }),
    fetch_seconds: z.number().meta({ description: "Of them, waiting for the destination" }),
    load_seconds: z.number().meta({ description: "Decompressing and receiving" }),
    query_seconds: z.number().meta({ description: "Comparing what was restored" }),
    proven: z.string().meta({ description: "What this has shown, in words" }),
  }),
);
type DrillEvidence = z.infer<ReturnType<typeof DrillEvidence>>;

export const drillArchive = defineRunner({
  uses: "drill.archive",
  summary:
    "Restores an archive with everything that it needs, compares it with its source and measures how long it took.",
  risk: "creates",
  kind: "drill",
  options: DrillOptions,
  produces: DrillEvidence,
  target: (options) => options.destination,

  async check(options, context) {
    await requireZstd(context.execute);
    await btrfsVersion(context.execute);
    if (options.into !== undefined) await requireBtrfs(options.into);
    await withStore(options.destination, context, (_, destination) => destination.probe());
  },

  async run(options, context) {
    return await withStore(options.destination, context, async (store, { whole }) => {
      context.progress({ note: "reading the manifests" });
      const catalog = await readCatalog(store, selectionOf(options, whole(options.prefix), context));
      return await drill(options, choose(options, catalog, store), store, context);
    });
  },
});

function choose(
  { archive: key, destination }: DrillOptions,
  catalog: ArchiveCatalog,
  store: ObjectStore,
): Chain<ManifestArchive> {
  const chains = restorable(catalog);
  if (key === "newest") {
    const [first] = chains;
    if (first !== undefined) return first;
    const fault =
      catalog.faults[0] ??
      [...catalog.archives.values()].map(({ key }) => ({ key, problem: "its chain is broken" }))[0];
    throw new StepError(
      "empty_artifact",
      `there is no archive at ${destination} that can be restored${fault ? `: ${fault.key}: ${fault.problem}` : ""}`,
      {
        advice: "see that prefix, host and name are those of the archiving step; archive.verify says what is wrong",
      },
    );
  }
  const archive = catalog.archives.get(key);
  if (archive === undefined) {
    const fault = catalog.faults.find((one) => one.key === key);
    throw new StepError("source", `there is no archive ${store.url(key)}${fault ? `: ${fault.problem}` : ""}`, {
      advice: "name a whole key, with the prefix of the destination, or newest",
    });
  }
  const chain = chainOf(archive, catalog.archives);
  if (chain.broken === null) return chain;
  throw new StepError("verification", `${key} cannot be restored: ${chain.broken}`, { advice: "name another archive" });
}

async function drill(
  options: DrillOptions,
  chain: Chain<ManifestArchive>,
  store: ObjectStore,
  context: RunnerContext,
): Promise<StepResult<DrillEvidence>> {
  const archive = newest(chain);
  const { manifest } = archive;
  const evidence = {
    destination: options.destination,
    key: archive.key,
    archives: chain.links.length,
    uuid: manifest.uuid,
    archive_created_at: manifest.created,
    stored_bytes: chain.links.reduce((sum, link) => sum + link.manifest.stored_bytes, 0),
  };
  const none = { files: 0, bytes: 0, rto_seconds: 0, fetch_seconds: 0, load_seconds: 0, query_seconds: 0 };
  const what = `${archive.key} (${chain.links.length} archives, ${formatBytes(evidence.stored_bytes)})`;
  if (context.dryRun) {
    return { evidence: { ...evidence, ...none, proven: "nothing: a dry run" }, message: `would restore ${what}` };
  }
  // Where its disk is not mounted, nothing is made in its place.
  if (options.into !== undefined) await requireBtrfs(options.into);
  const scratch = await context.scratch(options.into);
  await requireBtrfs(scratch);
  await requireRoom(scratch, chain);
  const startedAt = performance.now();
  const watch = stopwatch();
  const path = await receiveAll(chain, scratch, store, watch, context);
  watch.enter("query");
  context.progress({ note: "comparing what was restored" });
  const { same, proven } = await compare(path, archive, context);
  watch.enter(null);
  const seconds = { ...watch.seconds(), rto_seconds: rounded(performance.now() - startedAt) };
  return {
    evidence: { ...evidence, ...same, ...seconds, proven },
    ...same,
    message: `${what} was restored in ${formatDuration(seconds.rto_seconds)}: ${proven}`,
  };
}

async function requireBtrfs(path: string): Promise<void> {
  if (!(await exists(path))) {
    throw new StepError("config", `${path} is not there`, {
      advice: "create it on a Btrfs, or name another folder as into",
    });
  }
  if (await isBtrfs(path)) return;
  throw new StepError("config", `${path} is not on Btrfs, where alone an archive can be received`, {
    advice: "name a folder on a Btrfs as into",
  });
}

/** A drill must not fill the disk that it is made for. */
async function requireRoom(scratch: string, { links }: Chain<ManifestArchive>): Promise<void> {
  const needed = links.reduce((sum, { manifest }) => sum + (manifest.bytes ?? manifest.stored_bytes), 0);
  const { availableBytes } = await usageOf(scratch);
  if (availableBytes >= needed) return;
  throw new StepError(
    "space",
    `restoring it takes ${formatBytes(needed)}, in ${scratch} there is room for ${formatBytes(availableBytes)}`,
    {
      advice: "name a folder on a larger Btrfs as into",
    },
  );
}

async function compare(
  restored: string,
  { manifest }: ManifestArchive,
  context: RunnerContext,
): Promise<{ readonly same: SameTrees; readonly proven: string }> {
  const { path, files, bytes } = manifest.snapshot;
  const source = (await exists(path)) ? await showSubvolume(context.execute, path).catch(noSubvolume) : null;
  if (source?.uuid === manifest.uuid) {
    const same = await compareTrees(path, restored, context.signal);
    return { same, proven: `${same.files} files are the same as in ${path}, with their content` };
  }
  const same = await countFiles(restored, context.signal);
  if (same.files === files && same.bytes === bytes) {
    return {
      same,
      proven: `${files} files of ${formatBytes(bytes)}, as many as were archived; the snapshot itself is gone`,
    };
  }
  throw new StepError(
    "verification",
    `${same.files} files of ${same.bytes} bytes were restored, the manifest says ${files} of ${bytes}`,
    { advice: "the archive does not give back what was archived: make a full one and drill it" },
  );
}

/** Somebody else's folder may be there by now. */
function noSubvolume(error: unknown): null {
  if (error instanceof StepError && (error.reason === "config" || error.reason === "source")) return null;
  throw error;
}
