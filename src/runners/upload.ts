import { stat } from "node:fs/promises";
import * as z from "zod";
import { StepError } from "../model/run/outcome.ts";
import { type OpenDestination, withDestination } from "../tools/destinations/open-destination.ts";
import { fileFailure } from "../tools/files/failure.ts";
import { compareCopy, describeDifference, type SourceList } from "../tools/files/source-list.ts";
import { copyWithRclone } from "../tools/rclone/rclone.ts";
import type { Leftover, RunnerContext } from "./runner.ts";

/** Where an upload is, as part of what a step shows. */
export const uploadEvidence = () => ({
  destination: z.string().meta({ description: "Its name in the configuration" }),
  prefix: z.string().meta({ description: "Below which the files are, the destination's own included" }),
  url: z.string().meta({ description: "s3://bucket/prefix/, or the folder" }),
});

/** What is uploaded, and below which prefix. */
export interface Upload {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** What of it has to arrive; see `listSource`. */
  readonly source: SourceList;
  /** Whole, the destination's own included. */
  readonly prefix: string;
  /** rclone's patterns for what is left out. @default nothing */
  readonly exclude?: readonly string[];
  /** Only these files, by their names in the folder. @default all */
  readonly only?: readonly string[];
  /** @default copy */
  readonly mode?: "copy" | "sync";
}

export interface Uploaded {
  /** What rclone says it had to move, bytes and files; in a dry run, what it would. */
  readonly bytes: number;
  readonly files: number;
  /** Everything that was found below the prefix; 0 in a dry run. */
  readonly listed: number;
  readonly tail: string;
}

/** Copies with rclone, then looks at the destination without it: every file has to be there with its size. */
export async function uploadAndProve(
  destination: OpenDestination,
  { folder, source, prefix, exclude = [], only, mode = "copy" }: Upload,
  context: RunnerContext,
): Promise<Uploaded> {
  const selection = only === undefined ? { exclude } : { only };
  const report = await copyWithRclone(
    { mode, source: folder, destination: destination.place, prefix, ...selection, dryRun: context.dryRun },
    context.execute,
    ({ bytes, totalBytes, files }) =>
      context.progress({
        bytesDone: bytes,
        bytesTotal: totalBytes,
        filesDone: files,
        ...(totalBytes > 0 ? { ratio: Math.min(1, bytes / totalBytes) } : {}),
      }),
  );
  if (context.dryRun) return { ...report, listed: 0 };
  context.progress({ note: "proving the copy" });
  const proof = await compareCopy(source.files, destination.list(prefix));
  if (proof.missing.length + proof.different.length > 0) {
    throw await describeDifference(folder, destination.url(prefix), source, proof, context.signal);
  }
  return { ...report, listed: proof.listed };
}

/**
 * The same below a prefix that is to hold something whole or nothing: where it carries the time of this run and nothing was below it, what
 * is not proved in the end is removed again, by the engine or, after a kill, by reconciliation. See `removeUpload`.
 * @param isRight what else has to hold before it counts; throws when it does not
 */
export async function uploadWhole(
  destination: OpenDestination,
  upload: Upload,
  context: RunnerContext,
  isRight: () => Promise<void> = async () => undefined,
): Promise<Uploaded> {
  const { prefix } = upload;
  const isOurs = !context.dryRun && prefix.includes(context.timestamp) && (await isEmpty(destination, prefix));
  const leftover = isOurs ? context.leftover({ destination: destination.name, prefix }) : null;
  const uploaded = await uploadAndProve(destination, upload, context);
  await isRight();
  leftover?.settled();
  return uploaded;
}

async function isEmpty(destination: OpenDestination, prefix: string): Promise<boolean> {
  for await (const _ of destination.listFrom(`${prefix}/`)) return false;
  return true;
}

/** `removeLeftover` of runners that use `uploadWhole`. */
export async function removeUpload({ destination: name, prefix }: Leftover, context: RunnerContext): Promise<void> {
  if (typeof name !== "string" || typeof prefix !== "string" || prefix === "") return;
  await withDestination(name, context, (destination) => destination.removeBelow(prefix, { versions: false }));
}

/** Looks, before anything runs, whether rclone is there. */
export async function requireRclone({ execute }: RunnerContext): Promise<void> {
  await execute({ argv: ["rclone", "version"], timeoutSeconds: 30 });
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw fileFailure(`${path} cannot be looked at`, error);
    },
  );
}

export async function requireFolder(path: string): Promise<void> {
  if (!(await exists(path))) {
    throw new StepError("source", `${path} is not there`, {
      advice: "see that the path is right and that it is mounted",
    });
  }
  if (!(await stat(path)).isDirectory()) {
    throw new StepError("source", `${path} is not a folder`, { advice: "name the folder that holds it" });
  }
}
