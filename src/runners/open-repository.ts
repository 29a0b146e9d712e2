import { timezoneOf } from "../config/timezone.ts";
import { StepError } from "../model/outcome.ts";
import { createRestic, type Restic } from "../tools/restic.ts";
import { openRepository, type ResticRepository } from "../tools/restic-repository.ts";
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
  const timezone = timezoneOf(config.jobs[job], config);
  const repository = { ...repositoryOf(name, context), timezone };
  const initialize = config.repositories[name]?.initialize ?? false;
  return { repository, restic: createRestic(repository, context.execute), initialize };
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
