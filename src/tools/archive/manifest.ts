import * as z from "zod";
import type { Archive } from "../../model/archive/archive.ts";
import { lazily } from "../../model/lazily.ts";
import { StepError } from "../../model/run/outcome.ts";

/** What is known of an archive, written beside its object when that was found whole: without it an object does not count. */
const archiveManifest = lazily(() => {
  const uuid = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const moment = z.iso.datetime();

  return z.object({
    format: z.literal("pantheros-archive/1"),
    host: z.string(),
    /** What it is an archive of, as in the key. */
    name: z.string(),
    mode: z.enum(["full", "incremental"]),
    /** Whole, with what the destination puts before everything. */
    key: z.string(),
    /** Of the snapshot on the host. */
    uuid,
    /** By which `btrfs receive` will know it, and find it as a parent: `uuid`, unless the snapshot had itself been received. */
    received_uuid: uuid,
    /** `received_uuid` of the archive that has to be received before; null: none. */
    parent_uuid: uuid.nullable(),
    parent_key: z.string().nullable(),
    /** Of the object, compressed as it is. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    stored_bytes: z.int().min(1),
    /** Of the stream before compression; null: this zstd does not tell. */
    bytes: z.int().min(0).nullable(),
    zstd_level: z.int(),
    /** Btrfs's count of changes that the snapshot stands at. */
    generation: z.int(),
    /** Of `btrfs send`. */
    protocol: z.int(),
    snapshot: z.object({
      path: z.string(),
      created: moment,
      /** Regular files in it, and their size. */
      files: z.int(),
      bytes: z.int(),
    }),
    created: moment,
    btrfs_progs: z.string(),
    pantheros: z.string(),
  });
});
export type ArchiveManifest = z.infer<ReturnType<typeof archiveManifest>>;

/** A manifest as rules see it, with everything that it says. */
export interface ManifestArchive extends Archive {
  readonly manifest: ArchiveManifest;
}

export function writeManifest(manifest: ArchiveManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** @throws StepError `verification` when it is not a manifest of this key */
export function parseManifest(text: string, key: string): ManifestArchive {
  const wrong = (why: string, cause?: unknown) =>
    new StepError("verification", `the manifest of ${key} cannot be used: ${why}`, {
      cause,
      advice: "somebody else has written it, or a newer pantheros",
    });
  let parsed: z.ZodSafeParseResult<ArchiveManifest>;
  try {
    parsed = archiveManifest().safeParse(JSON.parse(text));
  } catch (cause) {
    throw wrong("it is not JSON", cause);
  }
  const [issue] = parsed.error?.issues ?? [];
  if (!parsed.success) throw wrong(`${issue?.path.join(".")}: ${issue?.message}`, parsed.error);
  const manifest = parsed.data;
  if (manifest.key !== key) throw wrong(`it speaks of ${manifest.key}`);
  return {
    key,
    uuid: manifest.received_uuid,
    parentUuid: manifest.parent_uuid,
    parentKey: manifest.parent_key,
    createdAt: Date.parse(manifest.created),
    manifest,
  };
}
