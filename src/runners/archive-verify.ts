import * as z from "zod";
import { chainOf } from "../model/archive/archive.ts";
import { archiveFolder } from "../model/archive/key.ts";
import { lazily } from "../model/lazily.ts";
import { formatBytes, timestampMoment } from "../model/quantity.ts";
import { StepError } from "../model/run/outcome.ts";
import {
  type ArchiveCatalog,
  type ArchiveFault,
  type CatalogQuery,
  newest,
  readCatalog,
  restorable,
} from "../tools/archive/catalog.ts";
import { verifiedContent } from "../tools/archive/content.ts";
import type { ManifestArchive } from "../tools/archive/manifest.ts";
import type { ObjectStore } from "../tools/destinations/object-store.ts";
import { archiveSelection, oldestAlive, selectionOf } from "./archive/selection.ts";
import { withStore } from "./archive/store.ts";
import { defineRunner, type RunnerContext, type StepResult } from "./runner.ts";

const VerifyOptions = lazily(() =>
  z.strictObject({
    ...archiveSelection(),
    read: z.enum(["none", "newest", "all"]).default("none").meta({
      description:
        "What is also read and hashed: what it takes to restore the newest archive of each name, or everything",
    }),
  }),
);
type VerifyOptions = z.infer<ReturnType<typeof VerifyOptions>>;

const VerifyEvidence = lazily(() =>
  z.object({
    destination: z.string().meta({ description: "Its name in the configuration" }),
    archives: z.int().meta({ description: "Archives that are there with their size and their manifest" }),
    restorable: z.int().meta({ description: "Those of them whose chain reaches a full archive" }),
    newest_key: z.string().nullable().meta({ description: "The newest that can be restored; null: none" }),
    stored_bytes: z.int().meta({ description: "Size of all of them" }),
    faults: z
      .array(z.object({ key: z.string(), problem: z.string() }))
      .meta({ description: "What is missing, has another size or cannot be restored, and why" }),
    orphans: z.array(z.string()).meta({ description: "Objects without a manifest: they do not count" }),
    read_archives: z.int().meta({ description: "Whose content was read and has the SHA-256 that was recorded" }),
    read_bytes: z.int().meta({ description: "Their size" }),
  }),
);
type VerifyEvidence = z.infer<ReturnType<typeof VerifyEvidence>>;

export const archiveVerify = defineRunner({
  uses: "archive.verify",
  summary: "Checks that every archive is there and that the parents of every incremental one reach a full one.",
  risk: "read-only",
  kind: "check",
  options: VerifyOptions,
  produces: VerifyEvidence,
  target: (options) => options.destination,

  check: (options, context) => withStore(options.destination, context, (_, destination) => destination.probe()),

  async run(options, context) {
    return await withStore(options.destination, context, async (store, { whole }) => {
      context.progress({ note: "reading the manifests" });
      const query = selectionOf(options, whole(options.prefix), context);
      return await verify(options, query, await readCatalog(store, query), store, context);
    });
  },
});

async function verify(
  options: VerifyOptions,
  query: CatalogQuery,
  catalog: ArchiveCatalog,
  store: ObjectStore,
  context: RunnerContext,
): Promise<StepResult<VerifyEvidence>> {
  const archives = [...catalog.archives.values()];
  const chains = restorable(catalog);
  const broken = archives.flatMap((archive): readonly ArchiveFault[] => {
    const { broken: problem } = chainOf(archive, catalog.archives);
    return problem === null ? [] : [{ key: archive.key, problem }];
  });
  const faults = [...catalog.faults, ...broken];
  const chosen = options.read === "all" ? archives : options.read === "newest" ? toRestoreNewest(chains) : [];
  const read = await readAll(chosen, store, context);
  faults.push(...read.faults);
  const evidence: VerifyEvidence = {
    destination: options.destination,
    archives: archives.length,
    restorable: chains.length,
    newest_key: chains[0] === undefined ? null : newest(chains[0]).key,
    stored_bytes: archives.reduce((sum, { manifest }) => sum + manifest.stored_bytes, 0),
    faults,
    orphans: catalog.orphans.map(({ key }) => key),
    read_archives: read.archives,
    read_bytes: read.bytes,
  };
  const counts = `${chains.length} of ${archives.length} archives can be restored, ${formatBytes(evidence.stored_bytes)}`;
  const [fault] = faults;
  if (fault !== undefined) {
    throw new StepError(
      "verification",
      `${faults.length} archives are not whole: ${fault.key}: ${fault.problem}; ${counts}`,
      {
        advice: "make a full archive (mode: full), then remove what cannot be restored",
        evidence,
      },
    );
  }
  if (archives.length === 0) {
    const what = query.name === undefined ? "archive" : `archive of ${query.name}`;
    throw new StepError(
      "empty_artifact",
      `there is no ${what} at ${store.url(archiveFolder(query.prefix, query.host))}`,
      {
        advice: "see that prefix, host and name are those of the archiving step, and that it has run",
        evidence,
      },
    );
  }
  const old = catalog.orphans.filter(({ key }) => !mayBeBeingWritten(key, context));
  const content = read.archives === 0 ? "" : `, ${formatBytes(read.bytes)} of it read`;
  const result = { evidence, bytes: evidence.stored_bytes, files: archives.length };
  if (old[0] === undefined) return { ...result, message: `${counts}${content}` };
  const message = `${counts}${content}; ${old.length} objects have no manifest and do not count, such as ${old[0].key} – remove them`;
  return { ...result, outcome: "partial", reason: "verification", message };
}

type Chains = ReturnType<typeof restorable>;

/** Newest first as the chains are: the first of each name. */
function toRestoreNewest(chains: Chains): readonly ManifestArchive[] {
  const names = new Set<string>();
  const links = chains.flatMap((chain) => {
    const { name } = newest(chain).manifest;
    if (names.has(name)) return [];
    names.add(name);
    return chain.links;
  });
  return links;
}

async function readAll(archives: readonly ManifestArchive[], store: ObjectStore, { progress }: RunnerContext) {
  const bytesTotal = archives.reduce((sum, { manifest }) => sum + manifest.stored_bytes, 0);
  const faults: ArchiveFault[] = [];
  let bytes = 0;
  for (const archive of archives) {
    progress({ bytesDone: bytes, bytesTotal, ratio: bytes / bytesTotal, note: `reading ${archive.key}` });
    try {
      for await (const chunk of verifiedContent(store, archive, () => undefined)) bytes += chunk.length;
    } catch (error) {
      if (!(error instanceof StepError) || error.reason !== "verification") throw error;
      faults.push({ key: archive.key, problem: error.message });
    }
  }
  return { archives: archives.length - faults.length, bytes, faults };
}

/** A run that makes it may be alive: its deadline is not over. */
function mayBeBeingWritten(key: string, context: RunnerContext): boolean {
  const [timestamp = ""] = /\d{8}T\d{6}Z(?=(?:_\d+)?-(?:full|incr)\.btrfs\.zst$)/.exec(key) ?? [];
  return timestampMoment(timestamp) > oldestAlive(context);
}
