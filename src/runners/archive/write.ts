import { createHash } from "node:crypto";
import type { LocalSnapshot, Parent } from "../../model/archive/archive.ts";
import { archiveFolder, manifestKey, parseArchiveKey } from "../../model/archive/key.ts";
import { timestampMoment } from "../../model/quantity.ts";
import { StepError, toStepError } from "../../model/run/outcome.ts";
import { version } from "../../model/version.ts";
import { readText } from "../../tools/archive/catalog.ts";
import {
  type ArchiveManifest,
  type ManifestArchive,
  parseManifest,
  writeManifest,
} from "../../tools/archive/manifest.ts";
import { btrfsVersion, sending, sendProtocol } from "../../tools/btrfs/send.ts";
import type { ObjectStore } from "../../tools/destinations/object-store.ts";
import { usageOf } from "../../tools/files/filesystem.ts";
import { compressing, zstdSizes } from "../../tools/zstd.ts";
import { pacedProgress } from "../paced-progress.ts";
import type { RunnerContext } from "../runner.ts";
import { oldestAlive } from "./selection.ts";
import { type ArchiveSource, countFiles } from "./source.ts";

interface ArchivePlan {
  readonly options: { readonly to: string; readonly level: number };
  readonly source: ArchiveSource;
  /** Null: a full archive. */
  readonly parent: Parent<ManifestArchive, LocalSnapshot> | null;
  /** Whole; nothing is there yet. */
  readonly key: string;
}

/**
 * Sends, compresses and stores a snapshot, sees that it is there, and only then writes its manifest, which makes it count.
 * @returns what was read back of the manifest
 */
export async function writeArchive(
  store: ObjectStore,
  { options, source, parent, key }: ArchivePlan,
  context: RunnerContext,
): Promise<ManifestArchive> {
  const progs = await btrfsVersion(context.execute);
  context.progress({ note: "counting the files" });
  const counted = await countFiles(source.path, context.signal);
  const mode = parent === null ? "full" : "incremental";
  const expectedBytes = await expectedSize(mode, source.path, context);
  const leftover = context.leftover({ destination: options.to, key });
  const progress = pacedProgress(context);
  const seen = measure((bytesDone) => progress({ bytesDone, note: `${mode} archive` }));
  const { programs } = await context.pipeline({
    programs: [sending(source.path, parent?.snapshot.path ?? null), compressing(options.level)],
    consume: (bytes) => store.write(key, seen.pass(bytes), { expectedBytes, spool: () => context.scratch() }),
  });
  const sizes = zstdSizes(programs[1]?.stderr ?? "");
  if (sizes !== null && sizes.compressed !== seen.bytes()) {
    throw new StepError("verification", `zstd wrote ${sizes.compressed} bytes, ${seen.bytes()} of them arrived`, {
      advice: "run it again; if it comes back, report it",
    });
  }
  context.progress({ note: "proving the archive" });
  await prove(store, key, seen.bytes());
  const manifest: ArchiveManifest = {
    format: "pantheros-archive/1",
    host: context.config.host,
    name: source.name,
    mode,
    key,
    uuid: source.shown.uuid,
    received_uuid: source.sentUuid,
    parent_uuid: parent?.archive.uuid ?? null,
    parent_key: parent?.archive.key ?? null,
    sha256: seen.sha256(),
    stored_bytes: seen.bytes(),
    bytes: sizes?.raw ?? null,
    zstd_level: options.level,
    generation: source.shown.generation,
    protocol: sendProtocol,
    snapshot: { path: source.path, created: new Date(source.shown.createdAt * 1000).toISOString(), ...counted },
    created: new Date(context.now()).toISOString(),
    btrfs_progs: progs,
    pantheros: version,
  };
  const written = await writeAndRead(store, manifest);
  leftover.settled();
  return written;
}

async function prove(store: ObjectStore, key: string, bytes: number): Promise<void> {
  const there = await store.find(key);
  if (there?.size === bytes) return;
  const problem = there === null ? "it is not listed" : `it is listed with ${there.size} bytes, ${bytes} were written`;
  throw new StepError("verification", `${store.url(key)} was written, but ${problem}`, {
    advice: "run it again; a provider that shows what was written only later cannot be proven",
  });
}

async function writeAndRead(store: ObjectStore, manifest: ArchiveManifest): Promise<ManifestArchive> {
  const text = writeManifest(manifest);
  const key = manifestKey(manifest.key);
  await store.writeText(key, text);
  const read = await readText(store, key, Buffer.byteLength(text));
  if (read === text) return parseManifest(read, manifest.key);
  throw new StepError("verification", `${store.url(key)} was written, but something else is there`, {
    advice: "look at the destination: it changes what is stored, or somebody else writes there",
  });
}

/** The last one like it, else all that there is on the filesystem: only a guess, see `partSize`. */
async function expectedSize(mode: ArchiveManifest["mode"], path: string, { history }: RunnerContext): Promise<number> {
  const like = history(20).find(({ evidence }) => evidence["mode"] === mode);
  const stored = like?.evidence["stored_bytes"];
  return typeof stored === "number" && stored > 0 ? stored : (await usageOf(path)).usedBytes;
}

/** Counts and hashes what passes. */
function measure(onProgress: (bytes: number) => void) {
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    async *pass(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        onProgress(bytes);
        yield chunk;
      }
    },
    bytes: () => bytes,
    sha256: () => hash.digest("hex"),
  };
}

/** A run that was killed has left parts, or an object that was not proven. One whose manifest was written counts and stays. */
export async function discardArchive(store: ObjectStore, key: string): Promise<void> {
  const manifest = await store.find(manifestKey(key));
  if (manifest !== null && (await store.find(key)) !== null) return await store.discardUnfinished(key);
  if (manifest !== null) await store.discard(manifestKey(key));
  await store.discard(key);
}

const hour = 3_600_000;

/**
 * Removes what earlier archives of this name have begun and never finished: what nobody remembers any more. Those which a run that is alive
 * could still be writing are left alone.
 */
export async function discardStrays(
  store: ObjectStore,
  { prefix, name }: { readonly prefix: string; readonly name: string },
  { config, now, log, signal }: RunnerContext,
): Promise<void> {
  const horizon = oldestAlive({ config, now }) - hour;
  try {
    for await (const key of store.unfinished(archiveFolder(prefix, config.host))) {
      const named = parseArchiveKey(prefix, key);
      if (named?.host !== config.host || named.name !== name || timestampMoment(named.timestamp) > horizon) continue;
      log(`removing what an earlier run left of ${store.url(key)}`);
      await store.discardUnfinished(key);
    }
  } catch (error) {
    // Rubbish that stays costs a little money; an archive that is not made costs more.
    if (signal.aborted) throw error;
    log(`what earlier runs left could not be removed: ${toStepError(error).message}`);
  }
}
