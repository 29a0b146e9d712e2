import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import type { Secret } from "../../model/secret.ts";
import { readNamed } from "../read-secret.ts";

/** Where a repository is, and what it takes to get there: all that looking at its files needs. */
export interface PlacedRepository {
  /** Its name in the configuration. */
  readonly name: string;
  /** As restic's -r takes it. */
  readonly location: string;
  readonly environment: Readonly<Record<string, string | Secret>>;
}

/** A repository with its secrets read. */
export interface ResticRepository extends PlacedRepository {
  readonly program: string;
  readonly password: Secret;
  /** Kept between calls, so that a listing asks the repository only for what is new. */
  readonly cacheDirectory: string;
  /** Zone in which snapshots are dated: `forget` counts days in the zone in which a snapshot was made. @default UTC */
  readonly timezone?: string;
  /** How long a remote repository may take to answer at all; restic itself would go on asking for 15 minutes. @default 60 */
  readonly patienceSeconds?: number;
}

/** A repository as the configuration declares it; `Reference` is where a secret is read from. */
interface Declared<Reference> {
  readonly repository: string;
  readonly restic: string;
  /** Left out where it is only looked at from outside. */
  readonly password?: Reference | undefined;
  readonly environment: Readonly<Record<string, string | Reference>>;
}

/**
 * Reads the secrets of a declared repository.
 * @throws StepError `auth` when a secret cannot be read, `config` when it is declared without a password, or when the place is a relative
 * path: restic runs in other folders
 */
export function openRepository<Reference extends object>(
  name: string,
  declared: Declared<Reference> | undefined,
  world: {
    readonly stateDirectory: string;
    readonly readSecret: (reference: Reference) => Secret;
    readonly timezone?: string | undefined;
    /** Who runs restic. @default the user of this process */
    readonly uid?: number;
  },
): ResticRepository {
  const { readSecret } = world;
  const placed = placeRepository(name, declared, readSecret);
  const { restic: program, password } = declared as Declared<Reference>;
  if (password === undefined) {
    throw new StepError("config", `the repository ${name} is declared without a password: it can only be looked at`, {
      advice: "declare its password, or let this be done where it is known",
    });
  }
  return {
    ...placed,
    program,
    password: readNamed(`password of the repository ${name}`, password, readSecret),
    // One for each user: restic 0.19 refuses to work with a cache that it can read but does not own.
    cacheDirectory: join(world.stateDirectory, "cache", `restic-${world.uid ?? process.getuid?.() ?? 0}`),
    ...(world.timezone === undefined ? {} : { timezone: world.timezone }),
  };
}

/**
 * A declared repository without its password, which looking at its files does not take.
 * @throws StepError as `openRepository`
 */
export function placeRepository<Reference extends object>(
  name: string,
  declared: Omit<Declared<Reference>, "restic" | "password"> | undefined,
  readSecret: (reference: Reference) => Secret,
): PlacedRepository {
  if (!declared) {
    throw new StepError("config", `there is no repository called ${name}`, { advice: "declare it in repositories" });
  }
  const location = declared.repository;
  if (localPath(location) !== null && !isAbsolute(localPath(location) as string)) {
    throw new StepError("config", `the place of the repository ${name} is a relative path`, {
      advice: "begin it with a slash",
    });
  }
  return {
    name,
    location,
    environment: Object.fromEntries(
      Object.entries(declared.environment).map(([variable, value]) => [
        variable,
        typeof value === "string" ? value : readNamed(`${variable} of the repository ${name}`, value, readSecret),
      ]),
    ),
  };
}

/** The folder of a repository on this machine; null: it is somewhere else. */
export function localPath(location: string): string | null {
  if (location.startsWith("local:")) return location.slice("local:".length);
  return /^(?:s3|sftp|rest|b2|azure|gs|swift|rclone):/.test(location) ? null : location;
}

/**
 * Looks at a repository in a folder without opening it; of one that is somewhere else nothing can be said.
 * @returns false: there is none yet
 * @throws StepError `auth` when it may not be read, `config` when something else is in its place
 */
export async function repositoryExists({ name, location }: ResticRepository): Promise<boolean> {
  const path = localPath(location);
  if (path === null) return true;
  try {
    await access(join(path, "config"), constants.R_OK);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    if (code === "ENOTDIR") {
      throw new StepError("config", `${path}, the place of the repository ${name}, is not a folder`, {
        advice: "correct repository in its declaration: name the folder that holds its config",
        cause,
      });
    }
    throw new StepError("auth", `the repository ${name} at ${path} cannot be read: ${code}`, {
      advice: "run as its owner, or let this user read it",
      cause,
    });
  }
}
