import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { implausiblySmall } from "../../model/anomaly/plausibility.ts";
import { formatBytes } from "../../model/quantity.ts";
import { explainFailure, StepError, toStepError } from "../../model/run/outcome.ts";
import type { PipelineProgram } from "../../tools/exec.ts";
import type { Postgres, PostgresCommand } from "../../tools/postgres/postgres.ts";
import { redirected } from "../../tools/process/redirect.ts";
import type { BackupReport } from "../../tools/restic/backup.ts";
import { createResticCall } from "../../tools/restic/call.ts";
import { backupCommand } from "../../tools/restic/command.ts";
import { ownTags } from "../../tools/restic/history.ts";
import { watchSnapshots } from "../../tools/snapshot-watch.ts";
import { listingLimits, type OpenedRepository } from "../open-repository.ts";
import { proveSnapshot } from "../prove-snapshot.ts";
import type { RunnerContext } from "../runner.ts";

/** Something that a program prints and that becomes a snapshot of its own. */
export interface Dump {
  /** For people: `the database app`. */
  readonly what: string;
  readonly command: PostgresCommand;
  /** Name of the file in the snapshot. */
  readonly file: string;
  /** Where it comes from; tells its history from others. */
  readonly location: string;
  /** Sizes of the last good ones, newest first; empty: any size is believed. */
  readonly earlier: readonly number[];
  /** Reads what was stored from end to end. */
  readonly verify?: (source: PipelineProgram) => Promise<void>;
}

export interface StoredDump {
  readonly snapshotId: string;
  readonly bytes: number;
  readonly bytesAdded: number;
  readonly tail: string;
}

interface Settings {
  readonly opened: OpenedRepository;
  readonly postgres: Postgres;
  readonly minimumRatio: number;
  /** Whether restic can be given the program itself: from `storesCommands` on. */
  readonly isStreamed: boolean;
  /** A private folder. */
  readonly folder: string;
}

/**
 * Stores a dump as a snapshot that counts, or not at all: what turns out to be too small or unreadable once it is stored is taken out again.
 * @throws StepError of the dump's program, of restic, or `verification`
 */
export async function storeDump(dump: Dump, settings: Settings, context: RunnerContext): Promise<StoredDump> {
  const { opened, minimumRatio, isStreamed } = settings;
  const { restic, repository } = opened;
  const { host } = context.config;
  const watch = await watchSnapshots(repository, listingLimits(context));
  const report = await (isStreamed ? stream : stage)(dump, settings, context);
  const { summary, tail } = report;
  // Only what is proven to be ours is ever taken out: restic may name the snapshot of another run.
  const { id } = await proveSnapshot(report, repository.name, host, { restic, watch });
  try {
    refuseNothing(dump, report);
    refuseImplausible(dump, summary.bytes, minimumRatio);
    await dump.verify?.(readBack(id, dump, opened, context));
    return { snapshotId: id, bytes: summary.bytes, bytesAdded: summary.bytesAdded, tail };
  } catch (error) {
    const failure = toStepError(error);
    const isDisproved = failure.reason === "verification" || failure.reason === "empty_artifact";
    throw isDisproved ? await withoutSnapshot(id, failure, opened) : failure;
  }
}

/** restic runs the program itself: nothing is stored when the program fails, and nothing lies on a disk meanwhile. */
function stream(dump: Dump, { opened, postgres, folder }: Settings, context: RunnerContext): Promise<BackupReport> {
  const { command, file, what } = dump;
  return backupCommand(
    opened.repository,
    context.execute,
    {
      ...common(dump, context),
      command,
      filename: file,
      errors: join(folder, `${file}.errors`),
      failure: (end) => postgres.failure({ task: `dump ${what}`, ...end }),
    },
    ({ bytesDone }) => context.progress({ note: what, ...(bytesDone === undefined ? {} : { bytesDone }) }),
  );
}

/** An older restic would take the end of a failed program for the end of the file: the dump has to be whole first. */
async function stage(
  dump: Dump,
  { opened, postgres, folder }: Settings,
  context: RunnerContext,
): Promise<BackupReport> {
  const file = join(folder, dump.file);
  const { argv, environment } = dump.command;
  context.progress({ note: dump.what });
  await postgres.run(`dump ${dump.what}`, { argv: redirected("stdout", file, argv), environment });
  const { size } = await stat(file);
  const report = await opened.restic.backup(
    {
      ...common(dump, context),
      targets: [dump.file],
      directory: folder,
      exclude: [],
      oneFileSystem: false,
      parent: "by-path",
      dryRun: false,
    },
    context.progress,
  );
  await rm(file);
  return { ...report, summary: { ...report.summary, bytes: size } };
}

function common({ location }: Dump, { job, config }: RunnerContext) {
  return { host: config.host, tags: ownTags(job, [location]) };
}

function readBack(id: string, { file, what }: Dump, { repository }: OpenedRepository, context: RunnerContext) {
  context.progress({ note: `reading ${what} back` });
  const restic = createResticCall(repository, context.execute);
  return restic.program(`read ${what} back from the repository ${repository.name}`, ["dump", id, `/${file}`]);
}

/** restic stores an empty snapshot, and ends with 3, when a program ends well without a word. */
function refuseNothing({ what }: Dump, { summary, tail }: BackupReport): void {
  if (summary.files > 0 && summary.bytes > 0) return;
  throw new StepError("empty_artifact", `the dump of ${what} is empty`, {
    advice: "run the dump by hand and see what it prints",
    tail,
  });
}

function refuseImplausible({ what, earlier }: Dump, bytes: number, minimumRatio: number): void {
  const doubt = implausiblySmall(bytes, earlier, minimumRatio);
  if (doubt === null) return;
  const size = `${formatBytes(bytes)}, the last good ones ${formatBytes(doubt.usual)}`;
  throw new StepError("verification", `the dump of ${what} is implausibly small: ${size}`, {
    advice: `see what is missing in the database; if that is on purpose, run it with a lower minimum_ratio (0 believes any size)`,
  });
}

/** A snapshot that failed its proof would pass for the newest good one, and in time push those out that are good. */
async function withoutSnapshot(
  id: string,
  failure: StepError,
  { restic, repository }: OpenedRepository,
): Promise<StepError> {
  const end = await restic.forget({ ids: [id], prune: false }).then(
    () => `its snapshot ${id.slice(0, 8)} was taken out of ${repository.name}`,
    (error) =>
      `its snapshot ${id.slice(0, 8)} is still in ${repository.name}, take it out with restic forget (${explainFailure(toStepError(error))})`,
  );
  return new StepError(failure.reason, `${failure.message}; ${end}`, failure.details);
}
