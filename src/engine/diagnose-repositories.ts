import { isAbsolute } from "node:path";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import { toStepError } from "../model/run/outcome.ts";
import type { Secret } from "../model/secret.ts";
import type { Execute } from "../tools/exec.ts";
import { locateNearest, readMounts } from "../tools/files/filesystem.ts";
import { judgeLock, listLocks, staleForRestic, thisMachine } from "../tools/restic/locks.ts";
import { localPath, openRepository, type ResticRepository } from "../tools/restic/repository.ts";
import { createRestic } from "../tools/restic/restic.ts";
import type { Finding } from "./finding.ts";
import { resticCommand } from "./restic-command.ts";

interface Services {
  readonly execute: Execute;
  readonly readSecret: (reference: SecretReference) => Secret;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Within which a repository has to answer, seconds. */
const patience = 20;

/**
 * Opens every repository whose password is declared: whether a password is the right one is known to nobody else. And says of a local one when it
 * lies on the disk that it is to save.
 */
export async function diagnoseRepositories(config: Config, services: Services): Promise<readonly Finding[]> {
  const found = await Promise.all(
    Object.keys(config.repositories).map(async (name) => [
      await opened(name, config, services),
      await onTheSameDisk(name, config),
    ]),
  );
  return found.flat().filter((finding) => finding !== null);
}

async function opened(name: string, config: Config, services: Services): Promise<Finding | null> {
  const what = `repository ${name}`;
  const declared = config.repositories[name];
  if (declared?.password === undefined) return null;
  try {
    const world = { stateDirectory: config.state_directory, readSecret: services.readSecret };
    const repository = { ...openRepository(name, declared, world), patienceSeconds: patience };
    if ((await createRestic(repository, services.execute).id()) !== null)
      return (
        (await leftLocked(repository, config, services)) ?? { what, state: "ok", found: "opens with its password" }
      );
  } catch (error) {
    const { message, details } = toStepError(error);
    return { what, state: "problem", found: message, ...(details.advice ? { mend: details.advice } : {}) };
  }
  if (declared.initialize) return { what, state: "ok", found: "is not there yet: the first run creates it" };
  const mend = "correct its place, or create it: initialize: true in its configuration, or restic init";
  return { what, state: "problem", found: `there is none at ${declared.repository}`, mend };
}

/** A lock whose holder is gone lets every later prune fail, and every backup where it is exclusive; restic never removes it by itself. */
async function leftLocked(repository: ResticRepository, config: Config, services: Services): Promise<Finding | null> {
  const { name } = repository;
  const declared = config.repositories[name];
  const machine = thisMachine(services.now() / 1000);
  const locks = await listLocks(repository, services.execute);
  const left = locks.map((lock) => judgeLock(lock, machine, staleForRestic)).filter(({ dead }) => dead);
  const [first] = left.toSorted((a, b) => Number(b.lock.exclusive) - Number(a.lock.exclusive));
  if (first === undefined || declared === undefined) return null;
  const what = `repository ${name}`;
  if (isUnlocked(name, config) && left.every(({ lock }) => judgeLock(lock, machine, null).dead))
    return { what, state: "ok", found: `opens; the next run removes the lock that a restic left behind` };
  const harm = first.lock.exclusive ? "no run can save anything there" : "nothing can be forgotten or pruned there";
  return {
    what,
    state: first.lock.exclusive ? "problem" : "warning",
    found: `is locked, by nobody it seems: ${first.because}; until the lock is removed ${harm}`,
    mend: `${resticCommand(declared)} unlock`,
  };
}

const isUnlocked = (name: string, { jobs }: Config) =>
  Object.values(jobs).some(({ steps }) =>
    steps.some((step) => step.uses === "restic.unlock" && step["repository"] === name),
  );

async function onTheSameDisk(name: string, config: Config): Promise<Finding | null> {
  const path = localPath(config.repositories[name]?.repository ?? "");
  if (path === null) return null;
  const mounts = await readMounts();
  const diskOf = (place: string) =>
    locateNearest(place, mounts).then(
      ({ place: { mount } }) => mount.source,
      // What is not there is told where it is looked for.
      () => null,
    );
  const disk = await diskOf(path);
  for (const source of sourcesOf(name, config)) {
    if (disk === null || (await diskOf(source)) !== disk) continue;
    return {
      what: `repository ${name}`,
      state: "warning",
      found: `lies on the same disk as ${source}, which it is to save: what takes the one takes the other`,
      mend: "keep a copy elsewhere: a second repository, or hub.sync to another place",
    };
  }
  return null;
}

/** Folders that jobs save to a repository: as they are, or from a snapshot of a subvolume. */
function sourcesOf(name: string, { jobs, subvolumes }: Config): readonly string[] {
  return Object.values(jobs).flatMap(({ steps }) => {
    if (!steps.some((step) => step["repository"] === name)) return [];
    return steps.flatMap((step) => {
      const subvolume = typeof step["subvolume"] === "string" ? subvolumes[step["subvolume"]]?.path : undefined;
      const from = typeof step["from"] === "string" && isAbsolute(step["from"]) ? step["from"] : undefined;
      return [subvolume, from].filter((each) => each !== undefined);
    });
  });
}
