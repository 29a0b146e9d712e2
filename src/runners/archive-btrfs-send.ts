import * as z from "zod";
import { destinationName, pathOrReference, positiveDuration, subvolumeName } from "../config/scalars.ts";
import { chooseParent, type LocalSnapshot, type Parent } from "../model/archive/archive.ts";
import { archiveKey, manifestKey } from "../model/archive/key.ts";
import { lazily } from "../model/lazily.ts";
import { formatBytes } from "../model/quantity.ts";
import { StepError } from "../model/run/outcome.ts";
import { type ArchiveCatalog, readCatalog, restorable } from "../tools/archive/catalog.ts";
import type { ManifestArchive } from "../tools/archive/manifest.ts";
import { showSubvolume } from "../tools/btrfs/btrfs.ts";
import { btrfsVersion } from "../tools/btrfs/send.ts";
import type { ObjectStore } from "../tools/destinations/object-store.ts";
import { requireZstd } from "../tools/zstd.ts";
import { type ArchiveSource, findSource, localSnapshots, nameOf } from "./archive/source.ts";
import { withStore } from "./archive/store.ts";
import { discardArchive, discardStrays, writeArchive } from "./archive/write.ts";
import { defineRunner, type RunnerContext, type StepResult } from "./runner.ts";
import { declaredSubvolume, requireSubvolume } from "./subvolume.ts";
import { exists } from "./upload.ts";

const ArchiveOptions = lazily(() =>
  z
    .strictObject({
      subvolume: subvolumeName.optional().meta({
        description: "What is archived; without snapshot: its newest read-only snapshot in its directory of snapshots",
      }),
      snapshot: pathOrReference.optional().meta({ description: "A read-only snapshot, e.g. ${snap.path}" }),
      to: destinationName,
      prefix: z.string().default("").meta({ description: "Below the destination's own prefix" }),
      name: z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
          "use letters, digits, dot, dash and underscore, at most 63 characters",
        )
        .optional()
        .meta({
          description: "What the archive is called; default: subvolume, or the snapshot's name without its time",
        }),
      mode: z.enum(["auto", "full", "incremental"]).default("auto").meta({
        description: "auto: incremental where the destination still has an archive whose snapshot is still here",
      }),
      full_every: positiveDuration
        .prefault("30d")
        .meta({ description: "A chain whose full archive is older is not continued: a new one is begun" }),
      level: z.int().min(1).max(19).default(3).meta({ description: "Of zstd: 1 is the fastest, 19 the smallest" }),
    })
    .refine(({ subvolume, snapshot }) => subvolume !== undefined || snapshot !== undefined, {
      message: "name a subvolume or a snapshot",
    }),
);
export type ArchiveOptions = z.infer<ReturnType<typeof ArchiveOptions>>;

const ArchiveEvidence = lazily(() =>
  z.object({
    destination: z.string().meta({ description: "Its name in the configuration" }),
    key: z.string().meta({ description: "Of the object, whole" }),
    manifest_key: z.string().meta({ description: "Of what describes it, written last" }),
    url: z.string().meta({ description: "s3://bucket/key, or the file" }),
    mode: z.enum(["full", "incremental"]).meta({ description: "What it became" }),
    stored_bytes: z.int().meta({ description: "Size of the object, as the destination lists it; 0 in a dry run" }),
    bytes: z
      .int()
      .nullable()
      .meta({ description: "Size before compression; null in a dry run, or where zstd is too old to tell" }),
    sha256: z.string().meta({ description: "Of the object; empty in a dry run" }),
    uuid: z
      .string()
      .nullable()
      .meta({ description: "Btrfs UUID of the snapshot; null: it is not there yet (dry run)" }),
    parent_uuid: z.string().nullable().meta({ description: "By which the archive before is found; null: full" }),
    parent_key: z.string().nullable().meta({ description: "The archive that has to be received before; null: full" }),
    path: z.string().meta({ description: "The snapshot, kept for the next incremental archive" }),
    snapshot_created_at: z.string().nullable().meta({ description: "When Btrfs made it, ISO 8601 in UTC" }),
  }),
);
export type ArchiveEvidence = z.infer<ReturnType<typeof ArchiveEvidence>>;

export const archiveBtrfsSend = defineRunner({
  uses: "archive.btrfs-send",
  summary: "Streams a Btrfs snapshot, whole or what changed since the last archive, through zstd to S3 or a folder.",
  risk: "creates",
  kind: "backup",
  options: ArchiveOptions,
  produces: ArchiveEvidence,
  target: (options) => options.to,

  async check(options, context) {
    await requireZstd(context.execute);
    await btrfsVersion(context.execute);
    if (options.subvolume !== undefined) {
      const { path } = declaredSubvolume(options.subvolume, context);
      await requireSubvolume(path);
      // The privilege that sending takes is the same as that for looking.
      await showSubvolume(context.execute, path);
    }
    if (options.snapshot !== undefined && !options.snapshot.includes("${")) await requireSubvolume(options.snapshot);
    await withStore(options.to, context, (_, destination) => destination.probe());
  },

  async run(options, context) {
    return await withStore(options.to, context, (store, { whole }) =>
      archive(options, store, whole(options.prefix), context),
    );
  },

  async removeLeftover({ destination, key }, context) {
    await withStore(String(destination), context, (store) => discardArchive(store, String(key)));
  },
});

async function archive(
  options: ArchiveOptions,
  store: ObjectStore,
  prefix: string,
  context: RunnerContext,
): Promise<StepResult<ArchiveEvidence>> {
  if (context.dryRun && options.snapshot !== undefined && !(await exists(options.snapshot))) {
    return planned(options, store, { path: options.snapshot, prefix }, context);
  }
  const source = await findSource(options, context);
  context.progress({ note: "looking at the archives that are there" });
  const catalog = await readCatalog(store, { prefix, host: context.config.host, name: source.name });
  const known = restorable(catalog)
    .find(({ links }) => links.at(-1)?.uuid === source.sentUuid)
    ?.links.at(-1);
  if (known !== undefined && options.mode !== "full") {
    const message = `${source.path} is archived already, as ${known.key}: there is nothing newer to archive`;
    return { evidence: evidenceOf(known, options, store, source), outcome: "skipped", reason: "condition", message };
  }
  const parent = options.mode === "full" ? null : await findParent(source, catalog, options, context);
  if (parent === null && options.mode === "incremental") {
    throw new StepError("source", `no archive of ${source.name} could be continued`, {
      advice: "take mode: auto, which begins with a full one; the snapshot of the last archive has to be kept here",
    });
  }
  const key = freeKey(prefix, source.name, parent === null ? "full" : "incr", catalog, context);
  if (context.dryRun) return planned(options, store, { path: source.path, prefix, key, source, parent }, context);
  await discardStrays(store, { prefix, name: source.name }, context);
  const written = await writeArchive(store, { options, source, parent, key }, context);
  const { stored_bytes, bytes, mode } = written.manifest;
  const sizes = bytes === null ? "" : `${formatBytes(bytes)}, compressed to `;
  return {
    evidence: evidenceOf(written, options, store, source),
    ...(bytes === null ? {} : { bytes }),
    message: `${mode} archive of ${source.path}: ${sizes}${formatBytes(stored_bytes)}, found at ${store.url(key)}`,
  };
}

async function findParent(
  source: ArchiveSource,
  catalog: ArchiveCatalog,
  options: ArchiveOptions,
  context: RunnerContext,
): Promise<Parent<ManifestArchive, LocalSnapshot> | null> {
  if (catalog.archives.size === 0) return null;
  const local = await localSnapshots(source.path, context);
  const rules = { now: context.now(), fullEvery: options.full_every * 1000 };
  const own = { ...source.shown, path: source.path };
  const parent = chooseParent(own, [...catalog.archives.values()], local, rules);
  if (parent === null) return null;
  // A list can be imitated by a name, and what it showed may have been replaced.
  const shown = await showSubvolume(context.execute, parent.snapshot.path);
  return shown.uuid === parent.snapshot.uuid && shown.readOnly ? parent : null;
}

function freeKey(
  prefix: string,
  name: string,
  mode: "full" | "incr",
  { archives, orphans, faults }: ArchiveCatalog,
  { config, timestamp }: RunnerContext,
): string {
  const taken = new Set([...archives.keys(), ...[...orphans, ...faults].map(({ key }) => key)]);
  for (let copy = 0; ; copy += 1) {
    const key = archiveKey(prefix, { host: config.host, name, timestamp, mode, copy });
    if (!taken.has(key)) return key;
  }
}

function evidenceOf(
  { key, manifest }: ManifestArchive,
  { to }: ArchiveOptions,
  store: ObjectStore,
  source: ArchiveSource,
): ArchiveEvidence {
  const { mode, stored_bytes, bytes, sha256, parent_uuid, parent_key } = manifest;
  const place = { destination: to, key, manifest_key: manifestKey(key), url: store.url(key) };
  const snapshot = { uuid: source.shown.uuid, path: source.path, snapshot_created_at: manifest.snapshot.created };
  return { ...place, mode, stored_bytes, bytes, sha256, parent_uuid, parent_key, ...snapshot };
}

/** What a dry run can tell. */
function planned(
  options: ArchiveOptions,
  store: ObjectStore,
  plan: {
    readonly path: string;
    readonly prefix: string;
    readonly key?: string;
    readonly source?: ArchiveSource;
    readonly parent?: Parent<ManifestArchive, LocalSnapshot> | null;
  },
  { config, timestamp }: RunnerContext,
): StepResult<ArchiveEvidence> {
  const { path, source, parent = null } = plan;
  const name = { host: config.host, name: nameOf(options), timestamp, mode: "full" } as const;
  const key = plan.key ?? archiveKey(plan.prefix, name);
  const evidence: ArchiveEvidence = {
    destination: options.to,
    key,
    manifest_key: manifestKey(key),
    url: store.url(key),
    mode: parent === null ? "full" : "incremental",
    stored_bytes: 0,
    bytes: null,
    sha256: "",
    uuid: source?.shown.uuid ?? null,
    parent_uuid: parent?.archive.uuid ?? null,
    parent_key: parent?.archive.key ?? null,
    path,
    snapshot_created_at: source ? new Date(source.shown.createdAt * 1000).toISOString() : null,
  };
  if (source === undefined)
    return { evidence, message: `would archive ${path}, which is not there yet, to ${options.to}` };
  const how = parent === null ? "as a whole" : `as what changed since ${parent.archive.key}`;
  return { evidence, message: `would archive ${path} ${how} as ${evidence.url}` };
}
