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

/** One program in one of its versions; or the folder of its programs. */
export interface Version {
  readonly version: string;
  readonly program: string;
}

/** Every restic that is here, oldest first: the machine's own and those that `setup/` brought into `<cache>/restic/<version>/restic`. */
export const resticPrograms = (): readonly Version[] => versionsOf("restic", /^restic (\S+)/);

/** Every rclone that is here, oldest first, as {@link resticPrograms}. */
export const rclonePrograms = (): readonly Version[] => versionsOf("rclone", /^rclone v(\d+[\d.]*)/);

function versionsOf(name: string, pattern: RegExp): readonly Version[] {
  const found: Version[] = [];
  const own = onPath(name);
  if (own) {
    const text = execFileSync(own, ["version"], { encoding: "utf8", timeout: 10_000 });
    found.push({ version: pattern.exec(text)?.[1] ?? "unknown", program: own });
  }
  for (const version of entries(join(cacheDirectory, name))) {
    const program = join(cacheDirectory, name, version, name);
    if (existsSync(program) && !found.some((other) => other.version === version)) found.push({ version, program });
  }
  return found.sort(byVersion);
}

const byVersion = (a: { readonly version: string }, b: { readonly version: string }) =>
  a.version.localeCompare(b.version, "en", { numeric: true });

const entries = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory) : []);

/**
 * The folder of each PostgreSQL (postgres, initdb, pg_ctl, psql, pg_dump, pg_restore, …) that is here, oldest first; the version is
 * the major one. Not the machine's own where `setup/` brought the same: every machine tests with the same one.
 */
export function postgresDirectories(): readonly { readonly version: string; readonly directory: string }[] {
  const roots = [...entries(join(cacheDirectory, "postgres")).map((it) => join(cacheDirectory, "postgres", it)), "/"];
  const found: { version: string; directory: string }[] = [];
  for (const root of roots) {
    const parent = join(root, "usr/lib/postgresql");
    for (const version of entries(parent)) {
      const directory = join(parent, version, "bin");
      const whole = ["initdb", "postgres", "pg_dump"].every((program) => existsSync(join(directory, program)));
      if (whole && !found.some((other) => other.version === version)) found.push({ version, directory });
    }
  }
  return found.sort(byVersion);
}

/** The folder of the oldest PostgreSQL that is here. @throws Error where there is none */
export const postgresDirectory = (): string => here("postgres", postgresDirectories()[0]?.directory);

/** The program valkey-server; valkey-cli and valkey-check-rdb are beside it. @throws Error where there is none */
export const valkeyServer = (): string => here("valkey", valkey());
const valkey = () => firstFile(join(cacheDirectory, "valkey/usr/bin/valkey-server")) ?? onPath("valkey-server");

/** The folder with redis-server and the module falkordb.so, redis-cli and redis-check-rdb. @throws Error where there is none */
export const falkordbDirectory = (): string => here("falkordb", falkordb());
function falkordb(): string | null {
  const directory = join(cacheDirectory, "falkordb");
  return existsSync(join(directory, "key")) ? join(directory, "usr/bin") : null;
}

/** The program rest-server, restic's server. @throws Error where there is none */
export const restServer = (): string => here("rest-server", onPath("rest-server"));

/**
 * The root of a Debian with systemd, Btrfs programs and nothing else, for systemd-nspawn. Shared by every test of every clone: never
 * written to (boot it with `--volatile=overlay`, or on an overlay of the test's own). @throws Error where there is none
 */
export const containerRoot = (): string => here("systemd container", container());
function container(): string | null {
  const directory = join(cacheDirectory, "container");
  return existsSync(join(directory, "key")) ? join(directory, "root") : null;
}

const firstFile = (file: string) => (existsSync(file) ? file : null);

function here(component: Component, found: string | null | undefined): string {
  if (!found) throw new Error(`missing here: ${component} (make components)`);
  return found;
}

const isRoot = () => process.getuid?.() === 0;

/** Whether this process may make network namespaces: root in many containers may not. */
function makesNetworkNamespaces(): boolean {
  if (!isRoot() || onPath("ip") === null) return false;
  try {
    execFileSync("unshare", ["--net", "true"], { stdio: "ignore", timeout: 10_000 });
    return true;
  } catch {
    // refused by the kernel, or there is no unshare
    return false;
  }
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
  root: isRoot,
  btrfs: () => onPath("mkfs.btrfs") !== null && existsSync("/dev/loop-control"),
  restic: () => onPath("restic") !== null,
  "several restics": () => resticPrograms().length >= 2,
  rclone: () => onPath("rclone") !== null,
  "several rclones": () => rclonePrograms().length >= 2,
  "rest-server": () => onPath("rest-server") !== null,
  snapper: () => onPath("snapper") !== null,
  btrbk: () => onPath("btrbk") !== null,
  zstd: () => onPath("zstd") !== null,
  postgres: () => postgresDirectories().length > 0,
  valkey: () => valkey() !== null,
  falkordb: () => falkordb() !== null,
  "systemd container": () => isRoot() && onPath("systemd-nspawn") !== null && container() !== null,
  "network namespaces": () => makesNetworkNamespaces(),
  s3: () => existsSync(motoServer),
  prometheus: () => onPath("prometheus") !== null,
  node_exporter: () => onPath("prometheus-node-exporter") !== null,
  "unix datagrams": () => sendsUnixDatagrams() && onPath("python3") !== null,
  promtool: () => onPath("promtool") !== null,
  alertmanager: () => onPath("prometheus-alertmanager") !== null,
  amtool: () => onPath("amtool") !== null,
  nix: () => onPath("nix-instantiate") !== null,
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
