import * as z from "zod";
import { pathOrReference, repositoryName } from "../config/scalars.ts";
import { lazily } from "../model/lazily.ts";
import { formatBytes } from "../model/quantity.ts";
import { StepError } from "../model/run/outcome.ts";
import type { BackupReport } from "../tools/restic/backup.ts";
import { ownTags } from "../tools/restic/history.ts";
import type { ResticSnapshot } from "../tools/restic/output.ts";
import { repositoryExists } from "../tools/restic/repository.ts";
import { isOlder } from "../tools/restic/restic.ts";
import { isReadable, requireOneReadable, resolveSources, type Sources } from "../tools/restic/sources.ts";
import { blindWatch, watchSnapshots } from "../tools/snapshot-watch.ts";
import {
  creatingIfAbsent,
  listingLimits,
  type OpenedRepository,
  openForBackup,
  refuseToCreate,
  resticVersion,
} from "./open-repository.ts";
import { proveSnapshot } from "./prove-snapshot.ts";
import { defineRunner, type RunnerContext, type StepResult } from "./runner.ts";

const tag = lazily(() => z.string().regex(/^[^,\s][^,]*$/, "a tag holds no comma"));

const ResticOptions = lazily(() =>
  z.strictObject({
    repository: repositoryName,
    from: z
      .union([pathOrReference, z.array(pathOrReference).min(1)])
      .meta({ description: "What is backed up: absolute paths or references, e.g. ${snap.path}/data" }),
    tags: z
      .array(tag())
      .default([])
      .meta({ description: "Besides pantheros, job:NAME and path:PATH; a new set of tags begins a new history" }),
    exclude: z
      .array(z.string().min(1))
      .default([])
      .meta({ description: "restic's patterns; in a snapshot, paths of its subvolume mean those of the snapshot" }),
    one_file_system: z
      .boolean()
      .default(false)
      .meta({ description: "Stay on the filesystem (and subvolume) of each source" }),
    host: z.string().min(1).optional().meta({ description: "Host of the snapshot; default: the configuration's" }),
  }),
);
type Options = z.infer<ReturnType<typeof ResticOptions>>;

const ResticEvidence = lazily(() =>
  z.object({
    snapshot_id: z.string().meta({ description: "As the repository holds it; empty in a dry run" }),
    repository: z.string().meta({ description: "Its name in the configuration" }),
    host: z.string().meta({ description: "Host that the snapshot is filed under" }),
    paths: z.array(z.string()).meta({ description: "What was read" }),
    files: z.int().meta({ description: "Files that the snapshot covers" }),
    bytes: z.int().meta({ description: "Their size" }),
    bytes_added: z.int().meta({ description: "New data, before compression" }),
    files_new: z.int().meta({ description: "Not in the snapshot before" }),
    files_changed: z.int().meta({ description: "Read again because they changed" }),
    files_unmodified: z.int().meta({ description: "Recognised without being read again" }),
    duration_seconds: z.number().meta({ description: "As restic measured it" }),
  }),
);
type Evidence = z.infer<ReturnType<typeof ResticEvidence>>;

/** restic finds a parent by tags itself from here on (--group-by of backup). */
const groupsBackups = "0.16.0";

export const backupRestic = defineRunner({
  uses: "backup.restic",
  summary: "Backs up files with restic and proves the snapshot by looking for it in the repository.",
  risk: "creates",
  kind: "backup",
  options: ResticOptions,
  produces: ResticEvidence,
  target: (options) => options.repository,

  async check(options, context) {
    const opened = openForBackup(options.repository, context);
    await resticVersion(opened.repository, context);
    const known = sourcesOf(options).filter((path) => !path.includes("${"));
    if (known.length === sourcesOf(options).length) await requireOneReadable(known);
    if (!(await repositoryExists(opened.repository))) refuseToCreate(opened, context);
  },

  async run(options, context) {
    const opened = openForBackup(options.repository, context);
    const sources = resolveSources(sourcesOf(options), options.exclude, context.config.subvolumes);
    if (context.dryRun && sources.directory !== undefined && !(await isReadable(sources.directory))) {
      return planned(options, context, `would back up ${sources.directory}, which is not there yet`);
    }
    await requireOneReadable(sources.absolute);
    return await creatingIfAbsent(
      opened,
      context,
      () => backUp(options, sources, opened, context),
      (message) => planned(options, context, message),
    );
  },
});

async function backUp(
  options: Options,
  sources: Sources,
  opened: OpenedRepository,
  context: RunnerContext,
): Promise<StepResult<Evidence>> {
  const { restic, repository } = opened;
  await restic.reach();
  const watch = context.dryRun ? blindWatch : await watchSnapshots(repository, listingLimits(context));
  const { targets, livePaths, exclude } = sources;
  const host = hostOf(options, context);
  const tags = [...ownTags(context.job, livePaths), ...options.tags];
  const startedAt = context.now();
  const report = await restic.backup(
    {
      targets,
      ...(sources.directory === undefined ? {} : { directory: sources.directory }),
      host,
      tags,
      exclude,
      oneFileSystem: options.one_file_system,
      parent: sources.directory === undefined ? "by-path" : await parentByTags(opened, host, tags, context),
      dryRun: context.dryRun,
    },
    context.progress,
  );
  const { summary } = report;
  refuseNothing(report, sources, options);
  const seen = context.dryRun ? null : await proveSnapshot(report, options.repository, host, { restic, watch });
  const evidence: Evidence = {
    snapshot_id: seen?.id ?? "",
    repository: options.repository,
    host,
    paths: [...(seen?.paths ?? sources.absolute)],
    files: summary.files,
    bytes: summary.bytes,
    bytes_added: summary.bytesAdded,
    files_new: summary.filesNew,
    files_changed: summary.filesChanged,
    files_unmodified: summary.filesUnmodified,
    duration_seconds: (context.now() - startedAt) / 1000,
  };
  const sizes = `${summary.files} files, ${formatBytes(summary.bytes)}, ${formatBytes(summary.bytesAdded)} added`;
  const result = { evidence, bytes: summary.bytes, files: summary.files, tail: report.tail };
  const where = seen
    ? `in ${options.repository} as snapshot ${seen.id.slice(0, 8)}`
    : `would go to ${options.repository}`;
  const message = `${sizes}, ${where}`;
  if (report.unread === 0) return { ...result, message };
  const missing = `${report.unread} could not be read: ${report.problem ?? "see restic's output"}`;
  const advice = "let its user read all of it, or exclude what is not wanted";
  return { ...result, outcome: "partial", reason: "source", message: `${message}, but ${missing} – ${advice}` };
}

/** By its tags a snapshot finds its predecessor although the path is another one; before 0.16 restic has to be told which it is. */
async function parentByTags(
  { restic, repository }: OpenedRepository,
  host: string,
  tags: readonly string[],
  context: RunnerContext,
) {
  if (!isOlder(await resticVersion(repository, context), groupsBackups)) return "by-tags" as const;
  const candidates = await restic.snapshots({ host, tags });
  const newest = candidates.reduce<ResticSnapshot | null>((last, one) => (last && last.at > one.at ? last : one), null);
  return newest === null ? ("by-path" as const) : { id: newest.id };
}

/** A backup of nothing is no backup, whatever restic's exit code. */
function refuseNothing(
  { summary, unread, problem, tail }: BackupReport,
  { absolute }: Sources,
  { repository }: Options,
): void {
  if (summary.files > 0) return;
  const what = `restic read no file of ${absolute.join(", ")} into ${repository}`;
  if (unread > 0) throw new StepError("source", `${what}: ${problem}`, { advice: "let its user read them", tail });
  throw new StepError("empty_artifact", what, {
    advice: "see that it is the right folder, that it is mounted, and what exclude leaves over",
    tail,
  });
}

function planned(options: Options, context: RunnerContext, message: string): StepResult<Evidence> {
  const counts = { files: 0, bytes: 0, bytes_added: 0, files_new: 0, files_changed: 0, files_unmodified: 0 };
  const { repository } = options;
  const host = hostOf(options, context);
  return { evidence: { snapshot_id: "", repository, host, paths: [], ...counts, duration_seconds: 0 }, message };
}

const sourcesOf = ({ from }: Options) => (typeof from === "string" ? [from] : from);
const hostOf = ({ host }: Options, { config }: RunnerContext) => host ?? config.host;
