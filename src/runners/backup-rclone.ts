import { stat } from "node:fs/promises";
import * as z from "zod";
import { destinationName } from "../config/schema.ts";
import { StepError } from "../model/outcome.ts";
import { formatBytes } from "../model/quantity.ts";
import { joinPrefix, openDestination } from "../tools/destination.ts";
import { copyWithRclone, type RcloneDestination } from "../tools/rclone.ts";
import { excludeFilter } from "../tools/rclone-filter.ts";
import { compareCopy, describeDifference, listSource } from "../tools/source-list.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

const RcloneOptions = z.strictObject({
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
});
type Options = z.infer<typeof RcloneOptions>;

export const backupRclone = defineRunner({
  uses: "backup.rclone",
  summary: "Copies a folder to S3 or another folder with rclone and proves it by listing the destination.",
  // What is at the destination under the same name is overwritten; `sync` removes.
  risk: "deletes",
  kind: "backup",
  options: RcloneOptions,
  produces: z.object({
    destination: z.string().meta({ description: "Its name in the configuration" }),
    prefix: z.string().meta({ description: "Below which the files are, the destination's own included" }),
    url: z.string().meta({ description: "s3://bucket/prefix/, or the folder" }),
    files: z.int().meta({ description: "Files of the source that were found at the destination" }),
    bytes: z.int().meta({ description: "Their size" }),
    bytes_copied: z.int().meta({ description: "What had to be moved; the rest was there already" }),
    objects_listed: z.int().meta({ description: "Everything below the prefix" }),
    skipped_special: z.int().meta({ description: "Symbolic links, sockets, pipes and devices: not copied" }),
  }),
  target: (options) => options.to,

  async check(options, context) {
    await context.execute({ argv: ["rclone", "version"], timeoutSeconds: 30 });
    const { destination } = open(options, context);
    try {
      if (!options.from.includes("${")) await requireFolder(options.from);
      await destination.probe();
    } finally {
      destination.close();
    }
  },

  async run(options, context) {
    const { place, destination, configuredPrefix } = open(options, context);
    try {
      const prefix = joinPrefix(configuredPrefix, options.prefix);
      const copied = { destination: options.to, prefix, url: destination.url(prefix) };
      if (context.dryRun && !(await exists(options.from))) {
        const evidence = { ...copied, files: 0, bytes: 0, bytes_copied: 0, objects_listed: 0, skipped_special: 0 };
        return { evidence, message: `would copy ${options.from}, which is not there yet, to ${copied.url}` };
      }
      await requireFolder(options.from);
      context.progress({ note: "reading the source" });
      const isExcluded = excludeFilter(options.exclude);
      const source = await listSource(options.from, isExcluded, context.signal);
      if (source.files.size === 0) {
        throw new StepError("empty_artifact", `${options.from} holds no files to copy`, {
          advice: "see that it is the right folder, that it is mounted, and what exclude leaves over",
        });
      }
      const report = await copyWithRclone(
        {
          mode: options.mode,
          source: options.from,
          destination: place,
          prefix,
          exclude: options.exclude,
          dryRun: context.dryRun,
        },
        context.execute,
        ({ bytes, totalBytes, files }) =>
          context.progress({
            bytesDone: bytes,
            bytesTotal: totalBytes,
            filesDone: files,
            ...(totalBytes > 0 ? { ratio: Math.min(1, bytes / totalBytes) } : {}),
          }),
      );
      const evidence = {
        ...copied,
        files: source.files.size,
        bytes: source.bytes,
        bytes_copied: report.bytes,
        objects_listed: 0,
        skipped_special: source.special,
      };
      if (context.dryRun) {
        const message = `would copy ${report.files} of ${source.files.size} files, ${formatBytes(report.bytes)}, to ${copied.url}`;
        return { evidence: { ...evidence, bytes_copied: 0 }, message, tail: report.tail };
      }
      context.progress({ note: "proving the copy" });
      const proof = await compareCopy(source.files, destination.list(prefix));
      if (proof.missing.length + proof.different.length > 0) {
        throw await describeDifference(options.from, copied.url, source, proof, context.signal);
      }
      return {
        evidence: { ...evidence, objects_listed: proof.listed },
        bytes: source.bytes,
        files: source.files.size,
        message: `${source.files.size} files, ${formatBytes(source.bytes)}, found at ${copied.url}`,
        tail: report.tail,
      };
    } finally {
      destination.close();
    }
  },
});

function isPattern(pattern: string): boolean {
  try {
    excludeFilter([pattern]);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The destination of the configuration with its credentials read. */
function open(options: Options, context: RunnerContext) {
  const configured = context.config.destinations[options.to];
  if (!configured) {
    throw new StepError("config", `there is no destination called ${options.to}`, {
      advice: "declare it in destinations",
    });
  }
  const configuredPrefix = configured.type === "s3" ? joinPrefix(configured.prefix) : "";
  if (options.mode === "sync" && joinPrefix(options.prefix.replaceAll(/\$\{[^}]*\}/g, "x")) === "") {
    throw new StepError("config", `sync to the top of ${options.to} would remove everything that others keep there`, {
      advice: "give the step a prefix of its own",
    });
  }
  const secretOf = (setting: "access_key_id" | "secret_access_key") => {
    if (configured.type !== "s3") throw new TypeError("a local destination has no credentials");
    try {
      return context.readSecret(configured[setting]);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      const advice = cause instanceof StepError ? cause.details.advice : undefined;
      throw new StepError("auth", `${setting} of the destination ${options.to}: ${message}`, {
        cause,
        ...(advice === undefined ? {} : { advice }),
      });
    }
  };
  const place: RcloneDestination =
    configured.type === "s3"
      ? {
          type: "s3",
          endpoint: configured.endpoint,
          region: configured.region,
          bucket: configured.bucket,
          accessKeyId: secretOf("access_key_id"),
          secretAccessKey: secretOf("secret_access_key"),
        }
      : { type: "local", path: configured.path };
  return { place, configuredPrefix, destination: openDestination(place, configuredPrefix, context.signal) };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw new StepError("source", `${path} cannot be looked at: ${error.message}`, { cause: error });
    },
  );
}

async function requireFolder(path: string): Promise<void> {
  if (!(await exists(path))) {
    throw new StepError("source", `${path} is not there`, {
      advice: "see that the path is right and that it is mounted",
    });
  }
  if (!(await stat(path)).isDirectory()) {
    throw new StepError("source", `${path} is not a folder`, { advice: "name the folder that holds it" });
  }
}
