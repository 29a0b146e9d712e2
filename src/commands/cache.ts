import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

/** What may be lost at any time and is made again. It is trusted: only where `isPrivate`. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const base = process.getuid?.() === 0 ? "/var/cache" : (environment["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"));
  return join(base, "pantheros");
}

/** Whether nobody else can write it: what lies there is executed, or taken for checked. */
export function isPrivate(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return (
    found !== undefined && found.uid === process.geteuid?.() && (found.mode & 0o022) === 0 && !found.isSymbolicLink()
  );
}

/** Which build this is, other for any other code; undefined where it is started from its sources, which may change at any moment. */
export const build: string | undefined = process.env["PANTHEROS_BUILD"];

/**
 * The folder of compiled code, one for each build and each Node. One that only its owner can write: Node's default below the shared temporary
 * folder would let another user put code there that root then runs.
 * @returns null: there is none, which costs some milliseconds and nothing else
 */
export function openCompileCache(environment: NodeJS.ProcessEnv): { folder: string; isNew: boolean } | null {
  if (environment["NODE_DISABLE_COMPILE_CACHE"]) return null;
  const folder = join(cacheFolder(environment), "compile", `${build ?? "sources"}-${process.version}-${process.arch}`);
  try {
    const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isPrivate(folder) ? { folder, isNew: made !== undefined } : null;
  } catch {
    // Read-only, full, or somebody else's.
    return null;
  }
}

/** Builds whose compiled code is kept: who goes back to the one before, or has two installed, finds it. */
const keptBuilds = 3;

/** Removes what other builds have compiled, besides the latest of them: nobody else does. */
export function removeOtherBuilds(folder: string): void {
  try {
    const parent = dirname(folder);
    const others = readdirSync(parent)
      .filter((name) => name !== basename(folder))
      .map((name) => ({ path: join(parent, name), at: lstatSync(join(parent, name)).mtimeMs }))
      .sort((a, b) => b.at - a.at);
    for (const { path } of others.slice(keptBuilds - 1)) rmSync(path, { recursive: true, force: true });
  } catch {
    // Somebody else removes them, too, or may and we must not: they are there until the next build.
  }
}
