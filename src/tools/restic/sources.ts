import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { StepError } from "../../model/run/outcome.ts";

/**
 * What restic is asked to read. A snapshot's path is another one in every run, so that restic would neither recognise unchanged files nor
 * see one history: what lies in a snapshot is stored relative to it (docs/decisions/0002-restic-and-snapshots.md).
 */
export interface Sources {
  /** Absolute paths of what is read, for looking whether it is there. */
  readonly absolute: readonly string[];
  /** The snapshot that holds all of them, and in which restic runs. @default none: they are stored with their full paths */
  readonly directory?: string;
  /** As restic takes them. */
  readonly targets: readonly string[];
  /** Where the data lives when it is no snapshot: the same in every run. */
  readonly livePaths: readonly string[];
  readonly exclude: readonly string[];
}

/** Subvolumes of the configuration by name. */
type Subvolumes = Readonly<Record<string, { readonly path: string; readonly snapshots: string }>>;

interface InSnapshot {
  readonly root: string;
  /** Path of the subvolume that the snapshot is of. */
  readonly livePath: string;
  /** Below the snapshot; empty: all of it. */
  readonly rest: string;
}

/** @throws StepError `config` for a relative path, and for sources of which only some lie in the same snapshot */
export function resolveSources(from: readonly string[], exclude: readonly string[], subvolumes: Subvolumes): Sources {
  const absolute = from.map((path) => {
    if (isAbsolute(path)) return resolve(path);
    throw new StepError("config", `${path} is not an absolute path`, { advice: "begin it with a slash" });
  });
  const places = absolute.map((path) => snapshotOf(path, subvolumes));
  const [first] = places;
  if (!first && places.every((place) => place === null)) {
    return { absolute, targets: absolute, livePaths: absolute, exclude };
  }
  const inside = places.filter((place): place is InSnapshot => place !== null && place.root === first?.root);
  if (!first || inside.length < places.length) {
    throw new StepError("config", `the sources ${absolute.join(", ")} do not lie in one snapshot`, {
      advice: "give each snapshot, and what is in none, a backup.restic step of its own",
    });
  }
  return {
    absolute,
    directory: first.root,
    targets: inside.map(({ rest }) => rest || "."),
    livePaths: inside.map(({ livePath, rest }) => join(livePath, rest)),
    exclude: exclude.map((pattern) => excludeInSnapshot(pattern, first)),
  };
}

/**
 * One source of several may be missing, which makes the backup partial; without any there is nothing to do.
 * @throws StepError `source` when none can be read
 */
export async function requireOneReadable(paths: readonly string[]): Promise<void> {
  const failures: StepError[] = [];
  for (const path of paths) {
    const failure = await access(path, constants.R_OK).then(
      () => null,
      (cause) => unreadable(path, cause),
    );
    if (failure === null) return;
    failures.push(failure);
  }
  const [first] = failures;
  if (first) throw first;
}

export async function isReadable(path: string): Promise<boolean> {
  return await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

/** The snapshot that holds a path, by the place and the name that `snapshot.btrfs` gives it. */
function snapshotOf(path: string, subvolumes: Subvolumes): InSnapshot | null {
  for (const [name, { path: livePath, snapshots }] of Object.entries(subvolumes)) {
    const directory = resolve(snapshots);
    if (!path.startsWith(join(directory, "/"))) continue;
    const [snapshot = "", ...rest] = path.slice(join(directory, "/").length).split("/");
    if (!snapshot.startsWith(`${name}.`) || !/^\d{8}T\d{6}Z(?:_\d+)?$/.test(snapshot.slice(name.length + 1))) continue;
    return { root: join(directory, snapshot), livePath: resolve(livePath), rest: rest.join("/") };
  }
  return null;
}

/** A pattern that names a place of the live subvolume means the same place of its snapshot. */
function excludeInSnapshot(pattern: string, { root, livePath }: InSnapshot): string {
  const prefix = join(livePath, "/");
  if (!pattern.startsWith(prefix)) return pattern;
  return join(root.replaceAll(/[\\*?[]/g, "\\$&"), pattern.slice(prefix.length));
}

function unreadable(path: string, cause: NodeJS.ErrnoException): StepError {
  if (cause.code === "EACCES") {
    return new StepError("source", `${path} may not be read by this user`, {
      advice: "run as root, or give it the right to read",
      cause,
    });
  }
  return new StepError("source", `${path} is not there`, {
    advice: "see that the path is right and that it is mounted",
    cause,
  });
}
