import { join } from "node:path";
import { zoneForPrograms } from "../config/timezone.ts";
import { StepError } from "../model/run/outcome.ts";
import { rememberedVersion } from "../tools/program-version.ts";
import { openRepository, type ResticRepository } from "../tools/restic/repository.ts";
import { createRestic, type Restic } from "../tools/restic/restic.ts";
import type { RunnerContext } from "./runner.ts";

/**
 * A repository of the configuration with its secrets read.
 * @throws StepError `config` when it is not declared, `auth` when a secret cannot be read
 */
export function repositoryOf(
  name: string,
  { config, readSecret }: Pick<RunnerContext, "config" | "readSecret">,
): ResticRepository {
  const declared = Object.hasOwn(config.repositories, name) ? config.repositories[name] : undefined;
  return openRepository(name, declared, { stateDirectory: config.state_directory, readSecret });
}

/**
 * The version of a repository's restic: `0.14.0`. It is started for that only when it is another file than last time.
 * @throws StepError `tool_missing`
 */
export async function resticVersion(repository: ResticRepository, context: RunnerContext): Promise<string> {
  const program = context.resolveProgram({ argv: [repository.program] });
  const notes = join(context.config.state_directory, "cache", `programs-${process.getuid?.() ?? 0}.json`);
  return await rememberedVersion(program, notes, () => createRestic(repository, context.execute).version());
}

/** How long a look at the files of a repository may take: what cannot be seen soon is asked of restic. */
export const listingLimits = ({ signal }: Pick<RunnerContext, "signal">) => ({ signal, seconds: 30 });

/** What a step that makes snapshots needs: they are dated in the timezone of their job, in which `forget.restic` counts days. */
export interface OpenedRepository {
  readonly repository: ResticRepository;
  readonly restic: Restic;
  /** Whether it may be created. */
  readonly initialize: boolean;
}

/** @throws StepError as `repositoryOf` */
export function openForBackup(name: string, context: RunnerContext): OpenedRepository {
  const { config, job } = context;
  const timezone = zoneForPrograms(config.jobs[job], config);
  const repository = { ...repositoryOf(name, context), timezone };
  const initialize = config.repositories[name]?.initialize ?? false;
  return { repository, restic: createRestic(repository, context.execute), initialize };
}

/**
 * Does what needs a repository; where there is none and one may be made, it is made first.
 * @param planned in a dry run: what to say instead of making one. @default a dry run does not get here
 * @throws StepError `repository_missing`, and what `work` throws
 */
export async function creatingIfAbsent<Result>(
  opened: OpenedRepository,
  context: RunnerContext,
  work: () => Promise<Result>,
  planned?: (message: string) => Result,
): Promise<Result> {
  const { name } = opened.repository;
  try {
    return await work();
  } catch (error) {
    const absent = error instanceof StepError && error.reason === "repository_missing";
    if (!absent || !opened.initialize) throw error;
  }
  refuseToCreate(opened, context);
  if (planned && context.dryRun) return planned(`would create the repository ${name} first`);
  context.log(`creating the repository ${name}`);
  await opened.restic.init();
  return await work();
}

/** @throws StepError `repository_missing`, unless a new one may be made */
export function refuseToCreate({ repository, initialize }: OpenedRepository, context: RunnerContext): void {
  refuseToReplace(repository.name, context);
  if (initialize) return;
  throw new StepError("repository_missing", `there is no repository at the place of ${repository.name}`, {
    advice: "correct the place, or create it: initialize: true in its configuration, or restic init",
  });
}

/**
 * Where a disk is not mounted, its place looks as if there had never been a repository: a new one there would hide that all backups are gone.
 * @throws StepError `repository_missing` when a job has once proved a snapshot in it
 */
export function refuseToReplace(name: string, { lastSteps }: Pick<RunnerContext, "lastSteps">): void {
  const held = lastSteps().find(
    ({ kind, evidence }) => (kind === "backup" || kind === "copy") && isProofOf(name, evidence),
  );
  if (held === undefined) return;
  const since = new Date(held.finishedAt).toISOString();
  throw new StepError("repository_missing", `${name} held a backup of ${held.job} at ${since}, now it is not there`, {
    advice: "see whether its disk is mounted; if it is really gone, begin a new one by hand: restic init",
  });
}

function isProofOf(name: string, { repository, snapshot_id }: Readonly<Record<string, unknown>>): boolean {
  return repository === name && typeof snapshot_id === "string" && snapshot_id !== "";
}
