import { realpath, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import * as z from "zod";
import { absolutePath, destinationName, pathOrReference } from "../config/scalars.ts";
import { lazily } from "../model/lazily.ts";
import { formatBytes } from "../model/quantity.ts";
import { StepError } from "../model/run/outcome.ts";
import { type OpenDestination, withDestination } from "../tools/destinations/open-destination.ts";
import { fileFailure } from "../tools/files/failure.ts";
import type { SourceList } from "../tools/files/source-list.ts";
import { fileTree } from "../tools/files/tree.ts";
import { objectName } from "../tools/rclone/names.ts";
import { requireProgram, runProgram, showArgv } from "./run-program.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";
import { removeUpload, requireRclone, uploadEvidence, uploadWhole } from "./upload.ts";

const options = lazily(() =>
  z.strictObject({
    argv: z.tuple([z.string().min(1)], z.string()).meta({
      description:
        "Program and arguments; {result} stands for where it puts what is uploaded, as PANTHEROS_RESULT does",
    }),
    result: pathOrReference.optional().meta({
      description: "File or folder that the program makes; default: an empty private folder, removed afterwards",
    }),
    directory: absolutePath.optional().meta({ description: "Working directory; default: that of pantheros" }),
    to: destinationName,
    prefix: z
      .string()
      .default("")
      .meta({ description: "Below the destination's own prefix; may hold references, e.g. graphiti-${run.timestamp}" }),
  }),
);
type Options = z.infer<ReturnType<typeof options>>;

export const exportCommand = defineRunner({
  uses: "export.command",
  summary: "Runs a program that exports data, uploads what it has made and proves it by listing the destination.",
  // What a program does is its own affair: nothing less can be promised.
  risk: "deletes",
  kind: "backup",
  options,
  produces: () =>
    z.object({
      ...uploadEvidence(),
      files: z.int().meta({ description: "Files of the result that were found at the destination" }),
      bytes: z.int().meta({ description: "Their size" }),
      skipped_special: z.int().meta({ description: "Symbolic links, sockets, pipes and devices: not copied" }),
      duration_seconds: z.number().meta({ description: "How long the program ran" }),
    }),
  target: ({ to }) => to,

  async check({ argv, to }, context) {
    requireProgram(argv[0], context);
    await requireRclone(context);
    await withDestination(to, context, (destination) => destination.probe());
  },

  async run(options, context) {
    return await withDestination(options.to, context, (destination) => exportTo(destination, options, context));
  },

  removeLeftover: removeUpload,
});

async function exportTo(destination: OpenDestination, options: Options, context: RunnerContext) {
  const { argv, directory } = options;
  const prefix = destination.whole(options.prefix);
  const where = { destination: destination.name, prefix, url: destination.url(prefix) };
  if (context.dryRun) {
    const evidence = { ...where, files: 0, bytes: 0, skipped_special: 0, duration_seconds: 0 };
    return { evidence, message: `would run ${showArgv(argv)} and copy what it makes to ${where.url}` };
  }
  const result = options.result ?? (await context.scratch());
  const before = await look(result, context.signal);
  context.progress({ note: `running ${argv[0]}` });
  const [program, ...args] = argv.map((argument) => argument.replaceAll("{result}", result));
  const { tail, durationSeconds } = await runProgram(
    { argv: [program as string, ...args], directory, environment: { PANTHEROS_RESULT: result } },
    context,
  );
  const made = await look(result, context.signal);
  const { folder, source, only } = requireNew(made, before, { result, argv, tail });
  const uploaded = await uploadWhole(destination, { folder, source, prefix, ...(only ? { only } : {}) }, context);
  const evidence = {
    ...where,
    files: source.files.size,
    bytes: source.bytes,
    skipped_special: source.special,
    duration_seconds: durationSeconds,
  };
  return {
    evidence,
    bytes: source.bytes,
    files: source.files.size,
    message: `${source.files.size} files, ${formatBytes(source.bytes)}, found at ${where.url}`,
    tail: tail === "" ? uploaded.tail : tail,
  };
}

/** What there is at the place of the result. */
interface Seen {
  /** Where it really is, behind symbolic links: a folder to copy. */
  readonly folder: string;
  readonly source: SourceList;
  /** The one file of the folder that is meant; absent: all. */
  readonly only?: readonly string[];
  /** By name: what changes whenever a file is written, whatever times a program gives it. */
  readonly marks: ReadonlyMap<string, string>;
}

/** Null: there is nothing. */
async function look(result: string, signal: AbortSignal): Promise<Seen | null> {
  const real = await realpath(result).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return null;
    throw fileFailure(`${result} cannot be looked at`, cause);
  });
  if (real === null) return null;
  const state = await stat(real);
  const isFolder = state.isDirectory();
  if (!isFolder && !state.isFile()) {
    throw new StepError("source", `${result} is neither a file nor a folder`, {
      advice: "name what the program makes",
    });
  }
  const found = isFolder ? fileTree(real, signal) : null;
  const one = {
    path: Buffer.from(basename(real)),
    size: state.size,
    modifiedAt: state.mtimeMs,
    changedAt: state.ctimeMs,
  };
  const files = new Map<string, { size: number; modifiedAt: number }>();
  const marks = new Map<string, string>();
  let bytes = 0;
  for await (const { path, size, modifiedAt, changedAt } of found?.files ?? [one]) {
    const name = objectName(path);
    files.set(name, { size, modifiedAt });
    marks.set(name, `${changedAt} ${size}`);
    bytes += size;
  }
  const source = { files, bytes, special: found?.special() ?? 0 };
  return isFolder ? { folder: real, source, marks } : { folder: dirname(real), source, only: [basename(real)], marks };
}

/** A program that ends well and makes nothing, or leaves what was there before, has exported nothing. */
function requireNew(
  made: Seen | null,
  before: Seen | null,
  { result, argv: [program], tail }: { readonly result: string; readonly argv: Options["argv"]; readonly tail: string },
): Seen {
  const refuse = (what: string, advice: string) => new StepError("empty_artifact", what, { advice, tail });
  if (made === null) {
    throw refuse(`${program} ended well, but ${result} is not there`, "see where it puts its result, and name that");
  }
  if (made.source.files.size === 0) {
    throw refuse(`${program} ended well, but ${result} holds no files`, "let it write there: {result} in argv");
  }
  if (made.source.bytes === 0) {
    throw refuse(`${program} ended well, but all that it made is empty`, "run it by hand and see what it says");
  }
  const isStale = [...made.marks].every(([name, mark]) => before?.marks.get(name) === mark);
  if (isStale) {
    throw refuse(
      `${program} ended well, but nothing in ${result} has changed: it is an older export`,
      "run it by hand and see what it says, and where it puts its result",
    );
  }
  return made;
}
