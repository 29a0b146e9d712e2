import * as z from "zod";
import { destinationName } from "../config/scalars.ts";
import { lazily } from "../model/lazily.ts";
import { formatBytes } from "../model/quantity.ts";
import { StepError } from "../model/run/outcome.ts";
import { joinPrefix } from "../tools/destinations/destination.ts";
import { type OpenDestination, withDestination } from "../tools/destinations/open-destination.ts";
import { listSource } from "../tools/files/source-list.ts";
import { excludeFilter } from "../tools/rclone/filter.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";
import { exists, requireFolder, requireRclone, uploadAndProve, uploadEvidence } from "./upload.ts";

const RcloneOptions = lazily(() =>
  z.strictObject({
    from: z
      .string()
      .regex(/^(?:\/|\$\{)/, "must be an absolute path, or begin with a reference like ${snap.path}")
      .meta({ description: "Folder to copy: an absolute path or a reference, e.g. ${snap.path}/data" }),
    to: destinationName,
    prefix: z
      .string()
      .default("")
      .meta({ description: "Below the destination's own prefix; may hold references, e.g. db-${run.timestamp}" }),
    mode: z
      .enum(["copy", "sync"])
      .default("copy")
      .meta({ description: "sync also removes what the source does not have; it needs a prefix" }),
    exclude: z
      .array(z.string().refine(isPattern, "not a pattern that can be used: see rclone.org/filtering, globs only"))
      .default([])
      .meta({ description: "rclone's glob patterns: *.tmp, /cache/, node_modules/" }),
  }),
);
type Options = z.infer<ReturnType<typeof RcloneOptions>>;

export const backupRclone = defineRunner({
  uses: "backup.rclone",
  summary: "Copies a folder to S3 or another folder with rclone and proves it by listing the destination.",
  // What is at the destination under the same name is overwritten; `sync` removes.
  risk: "deletes",
  kind: "backup",
  options: RcloneOptions,
  produces: () =>
    z.object({
      ...uploadEvidence(),
      files: z.int().meta({ description: "Files of the source that were found at the destination" }),
      bytes: z.int().meta({ description: "Their size" }),
      bytes_copied: z.int().meta({ description: "What had to be moved; the rest was there already" }),
      objects_listed: z.int().meta({ description: "Everything below the prefix" }),
      skipped_special: z.int().meta({ description: "Symbolic links, sockets, pipes and devices: not copied" }),
    }),
  target: (options) => options.to,

  async check(options, context) {
    await requireRclone(context);
    refuseToEmpty(options);
    await withDestination(options.to, context, async (destination) => {
      if (!options.from.includes("${")) await requireFolder(options.from);
      await destination.probe();
    });
  },

  async run(options, context) {
    refuseToEmpty(options);
    return await withDestination(options.to, context, (destination) => copy(options, destination, context));
  },
});

async function copy(options: Options, destination: OpenDestination, context: RunnerContext) {
  const prefix = destination.whole(options.prefix);
  const copied = { destination: options.to, prefix, url: destination.url(prefix) };
  if (context.dryRun && !(await exists(options.from))) {
    const evidence = { ...copied, files: 0, bytes: 0, bytes_copied: 0, objects_listed: 0, skipped_special: 0 };
    return { evidence, message: `would copy ${options.from}, which is not there yet, to ${copied.url}` };
  }
  await requireFolder(options.from);
  context.progress({ note: "reading the source" });
  const source = await listSource(options.from, excludeFilter(options.exclude), context.signal);
  if (source.files.size === 0) {
    throw new StepError("empty_artifact", `${options.from} holds no files to copy`, {
      advice: "see that it is the right folder, that it is mounted, and what exclude leaves over",
    });
  }
  const { mode, exclude, from: folder } = options;
  const uploaded = await uploadAndProve(destination, { folder, source, prefix, exclude, mode }, context);
  const evidence = {
    ...copied,
    files: source.files.size,
    bytes: source.bytes,
    bytes_copied: context.dryRun ? 0 : uploaded.bytes,
    objects_listed: uploaded.listed,
    skipped_special: source.special,
  };
  const { tail } = uploaded;
  if (context.dryRun) {
    const message = `would copy ${uploaded.files} of ${source.files.size} files, ${formatBytes(uploaded.bytes)}, to ${copied.url}`;
    return { evidence, message, tail };
  }
  return {
    evidence,
    bytes: source.bytes,
    files: source.files.size,
    message: `${source.files.size} files, ${formatBytes(source.bytes)}, found at ${copied.url}`,
    tail,
  };
}

function refuseToEmpty(options: Options): void {
  if (options.mode === "sync" && joinPrefix(options.prefix.replaceAll(/\$\{[^}]*\}/g, "x")) === "") {
    throw new StepError("config", `sync to the top of ${options.to} would remove everything that others keep there`, {
      advice: "give the step a prefix of its own",
    });
  }
}

function isPattern(pattern: string): boolean {
  try {
    excludeFilter([pattern]);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
