import * as z from "zod";
import { byteSize, repositoryName } from "../config/scalars.ts";
import { lazily } from "../model/lazily.ts";
import { formatBytes, formatDuration } from "../model/quantity.ts";
import { StepError } from "../model/run/outcome.ts";
import { drawSample, type Sized } from "../model/samples/choice.ts";
import { clockTolerance } from "../model/time/clock-tolerance.ts";
import { requireSpace } from "../tools/files/free-space.ts";
import { examineRestored, type RestoredFiles } from "../tools/files/restored-files.ts";
import type { ResticSnapshot } from "../tools/restic/output.ts";
import type { ResticRepository } from "../tools/restic/repository.ts";
import { createRestic, type Restic } from "../tools/restic/restic.ts";
import { exactly, listFiles, restoreSnapshot, type SnapshotContent } from "../tools/restic/restore.ts";
import { originOf } from "../tools/snapshot-origin.ts";
import { repositoryOf, resticVersion } from "./open-repository.ts";
import { pacedProgress } from "./paced-progress.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

/** As many paths as arguments can hold: each may be 4096 bytes long, the kernel takes 2 MiB. */
const mostSampled = 400;

const DrillOptions = lazily(() =>
  z
    .strictObject({
      repository: repositoryName,
      host: z.string().min(1).optional().meta({ description: "Host of the snapshot; default: the configuration's" }),
      backup_of: z.string().min(1).optional().meta({ description: "Job that made the snapshot; default: any" }),
      paths: z.array(z.string().min(1)).default([]).meta({ description: "The snapshot must be of all of these paths" }),
      snapshot: z
        .string()
        .regex(/^[0-9a-f]{8,64}$/, "write at least 8 digits of its id")
        .optional()
        .meta({ description: "Id of the snapshot; default: the newest" }),
      sample: z
        .strictObject({
          files: z.int().min(1).max(mostSampled).default(100).meta({ description: "At most so many files" }),
          bytes: byteSize.optional().meta({ description: "At most so much data" }),
        })
        .optional()
        .meta({ description: "Restore files drawn by chance, others in each run; default: the whole snapshot" }),
      include: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .meta({ description: "Restore what fits these patterns of restic's; default: the whole snapshot" }),
      compare: z.boolean().default(true).meta({
        description:
          "Compare with the source where it has not changed since; only snapshots of this host can be compared",
      }),
    })
    .refine(({ sample, include }) => sample === undefined || include === undefined, "give sample or include, not both"),
);
type Options = z.infer<ReturnType<typeof DrillOptions>>;

export const drillFiles = defineRunner({
  uses: "drill.files",
  summary:
    "Restores a restic snapshot, or a sample of it, into a scratch folder and proves that the files can be used.",
  risk: "creates",
  kind: "drill",
  options: DrillOptions,
  produces: () =>
    z.object({
      repository: z.string().meta({ description: "Its name in the configuration" }),
      snapshot_id: z.string().meta({ description: "What was restored" }),
      snapshot_age_seconds: z.number().meta({ description: "How old it was when the drill began" }),
      rto_seconds: z.number().meta({ description: "Until all files of the snapshot are there; see rto_estimated" }),
      rto_estimated: z.boolean().meta({
        description: "True: reckoned from a part by its bytes, and rough where that is small",
      }),
      fetch_seconds: z.number().meta({ description: "What restoring took, restic's reading back of it included" }),
      query_seconds: z.number().meta({ description: "What looking at the files and comparing them took" }),
      files: z.int().meta({ description: "Files that were restored" }),
      bytes: z.int().meta({ description: "Their size" }),
      files_in_snapshot: z.int().meta({ description: "All files of the snapshot" }),
      bytes_in_snapshot: z.int().meta({ description: "Their size" }),
      files_compared: z.int().meta({ description: "Files whose content is that of the source" }),
      files_changed_since: z.int().meta({
        description: "Files that are gone or changed at the source: held against what restic recorded alone",
      }),
    }),
  target: (options) => options.repository,

  async check(options, context) {
    await resticVersion(repositoryOf(options.repository, context), context);
  },

  async run(options, context) {
    const repository = repositoryOf(options.repository, context);
    const restic = createRestic(repository, context.execute);
    await restic.reach();
    const snapshot = await chooseSnapshot(options, restic, context);
    context.progress({ note: `listing snapshot ${snapshot.id.slice(0, 8)}` });
    const { content, sample } = await choose(options, repository, snapshot, context);
    const wanted = sample === null ? content : sum(sample);
    const about = {
      repository: repository.name,
      snapshot_id: snapshot.id,
      snapshot_age_seconds: Math.max(0, Math.round(context.now() / 1000 - snapshot.at)),
      files_in_snapshot: content.files,
      bytes_in_snapshot: content.bytes,
    };
    if (context.dryRun)
      return { evidence: { ...about, ...nothing }, message: `would restore ${said(wanted, snapshot)}` };

    const scratch = await context.scratch();
    if (options.include === undefined) await requireSpace(scratch, wanted.bytes);
    const fetching = performance.now();
    const include = options.include ?? sample?.map(({ path }) => exactly(path)) ?? [];
    const request = { id: snapshot.id, target: scratch, include };
    const { tail } = await restoreSnapshot(repository, context.execute, request, (progress) =>
      context.progress({ ...progress, note: "restoring" }),
    );
    const fetched = performance.now();
    const found = await examine(options, scratch, sample, snapshot, context);
    refuseShortage(found, options.include === undefined ? wanted : null, snapshot);
    const whole = sample === null && options.include === undefined;
    const fetchSeconds = (fetched - fetching) / 1000;
    const evidence = {
      ...about,
      rto_seconds: whole ? fetchSeconds : fetchSeconds * Math.max(1, content.bytes / Math.max(1, found.bytes)),
      rto_estimated: !whole,
      fetch_seconds: fetchSeconds,
      query_seconds: (performance.now() - fetched) / 1000,
      files: found.files,
      bytes: found.bytes,
      files_compared: found.compared,
      files_changed_since: found.changedSince,
    };
    const rto = `${whole ? "RTO" : "RTO of the whole about"} ${formatDuration(evidence.rto_seconds)}`;
    const compared = `${found.compared} equal to the source, ${found.changedSince} changed there since`;
    return {
      evidence,
      files: found.files,
      bytes: found.bytes,
      message: `restored ${said(found, snapshot)}: ${compared}; ${rto}`,
      tail,
    };
  },
});

/** The newest that the options fit. What is dated after now is misdated and would be the newest for ever. */
async function chooseSnapshot(
  options: Options,
  restic: Restic,
  { config, now }: RunnerContext,
): Promise<ResticSnapshot> {
  const host = options.host ?? config.host;
  const tags = options.backup_of === undefined ? undefined : [`job:${options.backup_of}`];
  const listed =
    options.snapshot === undefined
      ? await restic.snapshots({ host, ...(tags ? { tags } : {}) })
      : (await restic.snapshots()).filter(({ id }) => id.startsWith(options.snapshot as string));
  const fitting = listed.filter(({ paths }) => options.paths.every((path) => paths.includes(path)));
  const past = fitting.filter(({ at }) => at <= now() / 1000 + clockTolerance);
  const [first, ...rest] = past.length > 0 || options.snapshot === undefined ? past : fitting;
  if (first !== undefined) return rest.reduce((newest, one) => (one.at > newest.at ? one : newest), first);
  const what = options.snapshot === undefined ? `no snapshot of ${host} that fits` : `no snapshot ${options.snapshot}`;
  throw new StepError("source", `${options.repository} holds ${what}`, {
    advice: "see what is there (restic snapshots), and correct host, backup_of, paths or snapshot of the step",
  });
}

/** All files of the snapshot counted, and those that are to be restored; null: all of them. */
async function choose(
  options: Options,
  repository: ResticRepository,
  snapshot: ResticSnapshot,
  context: RunnerContext,
) {
  const draw = options.sample === undefined ? null : drawSample(context.runId, options.sample);
  const content = await listFiles(repository, context.execute, snapshot.id, (file) => {
    // A name that is not UTF-8 cannot be asked for by its name.
    if (!file.path.includes("\uFFFD")) draw?.offer(file);
  });
  if (content.files === 0) {
    throw new StepError("empty_artifact", `the snapshot ${snapshot.id.slice(0, 8)} holds no files`, {
      advice: "see what the backup reads: a drill of nothing proves nothing",
    });
  }
  return { content, sample: draw?.chosen() ?? null };
}

async function examine(
  options: Options,
  folder: string,
  sample: readonly Sized[] | null,
  snapshot: ResticSnapshot,
  context: RunnerContext,
): Promise<RestoredFiles> {
  const { readAt, livesAt } = originOf(snapshot);
  const comparable = options.compare && snapshot.host === context.config.host;
  const sources = comparable ? [...new Set([readAt, livesAt])] : [];
  const expected = sample && new Map(sample.map(({ path, size }) => [path, size]));
  const progress = pacedProgress(context);
  return await examineRestored(folder, expected, sources, context.signal, (filesDone, bytesDone) =>
    progress({ note: "comparing", filesDone, bytesDone }),
  );
}

function refuseShortage(found: RestoredFiles, wanted: SnapshotContent | null, { id }: ResticSnapshot): void {
  if (found.files === 0) {
    throw new StepError("empty_artifact", `nothing of the snapshot ${id.slice(0, 8)} was restored`, {
      advice: "see that include fits something: restic ls shows the paths of a snapshot",
    });
  }
  if (wanted === null || (found.files === wanted.files && found.bytes === wanted.bytes)) return;
  const [is, should] = [found, wanted].map(({ files, bytes }) => `${files} files with ${bytes} bytes`);
  throw new StepError("verification", `of the snapshot ${id.slice(0, 8)} ${is} were restored instead of ${should}`, {
    advice: "check the repository with all of its data, and restore by hand to see what is missing",
  });
}

function sum(sample: readonly Sized[]): SnapshotContent {
  return { files: sample.length, bytes: sample.reduce((bytes, { size }) => bytes + size, 0) };
}

const said = ({ files, bytes }: SnapshotContent, { id }: ResticSnapshot) =>
  `${files} files, ${formatBytes(bytes)}, of snapshot ${id.slice(0, 8)}`;

const nothing = {
  rto_seconds: 0,
  rto_estimated: true,
  fetch_seconds: 0,
  query_seconds: 0,
  files: 0,
  bytes: 0,
  files_compared: 0,
  files_changed_since: 0,
};
