import { lstatSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

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
