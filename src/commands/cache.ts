import { homedir } from "node:os";
import { join } from "node:path";

/** What may be lost at any time and is made again: in a folder that only its owner can write, since it is trusted. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const base = process.getuid?.() === 0 ? "/var/cache" : (environment["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"));
  return join(base, "pantheros");
}

/** Which build this is, other for any other code; undefined where it is started from its sources, which may change at any moment. */
export const build: string | undefined = process.env["PANTHEROS_BUILD"];
