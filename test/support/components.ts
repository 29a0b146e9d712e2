import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** Where `setup/` keeps what it brought: never needed to exist, rebuilt when missing. */
export const cacheDirectory = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "pantheros");

/** First executable of that name on PATH, or null. */
export function onPath(program: string): string | null {
  for (const directory of `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter)) {
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
  const brought = join(cacheDirectory, "restic");
  for (const version of existsSync(brought) ? readdirSync(brought) : []) {
    const program = join(brought, version, "restic");
    if (existsSync(program)) found.push({ version, program });
  }
  return found.sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }));
}

export const motoServer = join(cacheDirectory, "moto", "bin", "moto_server");

const present = {
  root: () => process.getuid?.() === 0,
  btrfs: () => onPath("mkfs.btrfs") !== null && existsSync("/dev/loop-control"),
  restic: () => onPath("restic") !== null,
  "several restics": () => resticPrograms().length >= 2,
  rclone: () => onPath("rclone") !== null,
  s3: () => existsSync(motoServer),
  prometheus: () => onPath("prometheus") !== null,
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
