import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Where `setup/` keeps what it brought: never needed to exist, rebuilt when missing. */
export const cacheDirectory = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "pantheros");

/** First executable of that name on PATH, where an administrator finds more, or among what `setup/` brought; else null. */
export function onPath(program: string): string | null {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  for (const directory of [...directories, "/usr/sbin", "/sbin", join(cacheDirectory, "bin")]) {
    const file = join(directory, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here: look further
    }
  }
  return null;
}

/** Every restic that is here, oldest first: the machine's own and those that `setup/` brought into `<cache>/restic/<version>/restic`. */
export function resticPrograms(): readonly { readonly version: string; readonly program: string }[] {
  const found: { version: string; program: string }[] = [];
  const own = onPath("restic");
  if (own) found.push({ version: resticVersion(own), program: own });
  const brought = join(cacheDirectory, "restic");
  for (const version of existsSync(brought) ? readdirSync(brought) : []) {
    const program = join(brought, version, "restic");
    if (existsSync(program) && !found.some((other) => other.version === version)) found.push({ version, program });
  }
  return found.sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }));
}

function resticVersion(program: string): string {
  const text = execFileSync(program, ["version"], { encoding: "utf8", timeout: 10_000 });
  return /^restic (\S+)/.exec(text)?.[1] ?? "unknown";
}

export const motoServer = join(cacheDirectory, "moto", "bin", "moto_server");

/** Whether this Node can send Unix datagrams: the optional package was compiled, and for this very Node. */
function sendsUnixDatagrams(): boolean {
  try {
    createRequire(import.meta.url)("unix-dgram");
    return true;
  } catch {
    // not compiled here
    return false;
  }
}

const present = {
  root: () => process.getuid?.() === 0,
  btrfs: () => onPath("mkfs.btrfs") !== null && existsSync("/dev/loop-control"),
  restic: () => onPath("restic") !== null,
  "several restics": () => resticPrograms().length >= 2,
  rclone: () => onPath("rclone") !== null,
  s3: () => existsSync(motoServer),
  prometheus: () => onPath("prometheus") !== null,
  node_exporter: () => onPath("prometheus-node-exporter") !== null,
  "unix datagrams": () => sendsUnixDatagrams() && onPath("python3") !== null,
  promtool: () => onPath("promtool") !== null,
  "shared design": () => existsSync(new URL("../../../shared/design", import.meta.url)),
} satisfies Record<string, () => boolean>;
export type Component = keyof typeof present;

/**
 * Options for a test that needs real components: it is skipped, and says why, where one is missing.
 * With PANTHEROS_REQUIRE_ALL=1 the run as a whole fails when anything was skipped.
 */
export function needs(...components: Component[]): { readonly skip: string | false } {
  const missing = components.filter((component) => !present[component]());
  return { skip: missing.length > 0 ? `missing here: ${missing.join(", ")} (make components)` : false };
}
