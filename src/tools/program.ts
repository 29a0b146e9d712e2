import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { StepError } from "../model/run/outcome.ts";
import { Secret } from "../model/secret.ts";

/** The Debian package of a program, where it is not called like the program. */
const packages: Readonly<Record<string, string>> = {
  btrfs: "btrfs-progs",
  restic: "restic",
  rclone: "rclone",
  snapper: "snapper",
  btrbk: "btrbk",
  promtool: "prometheus",
  pg_dump: "postgresql-client",
  pg_restore: "postgresql-client",
  psql: "postgresql-client",
  setpriv: "util-linux",
  zstd: "zstd",
};

interface Call {
  readonly argv: readonly [program: string, ...args: string[]];
  readonly directory?: string;
}

/** Services and cron start with a PATH that misses where Debian keeps `btrfs` and its like. */
const systemDirectories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * All that a tool gets to see of the environment: PATH with the system's directories, HOME, LC_ALL=C and TZ=UTC, so that its
 * output reads the same everywhere, and what the call adds. Secrets are revealed here and nowhere else.
 */
export function closedEnvironment(
  env: NodeJS.ProcessEnv,
  added: Readonly<Record<string, string | Secret>>,
): Record<string, string> {
  const own = (env["PATH"] ?? "").split(delimiter).filter((directory) => isAbsolute(directory));
  const closed: Record<string, string> = {
    PATH: [...new Set([...own, ...systemDirectories])].join(delimiter),
    HOME: env["HOME"] ?? "/",
    LC_ALL: "C",
    TZ: "UTC",
  };
  for (const [name, value] of Object.entries(added)) {
    closed[name] = value instanceof Secret ? value.reveal() : value;
    if (name.includes("=") || `${name}${closed[name]}`.includes("\0")) {
      throw new StepError("config", `the variable ${JSON.stringify(name)} cannot be handed to a program`, {
        advice: "take the NUL byte out of its value, or the equals sign out of its name",
      });
    }
  }
  return closed;
}

/** First executable file of that name in the directories of `path`, or null. */
export function findProgram(name: string, path: string): string | null {
  for (const directory of path.split(delimiter)) {
    const file = join(directory, name);
    if (isExecutable(file)) return file;
  }
  return null;
}

/**
 * The file that a call will start. The kernel is asked only afterwards, so that a missing program, a missing directory and an argument
 * that no program can be given are told apart.
 * @throws StepError `tool_missing`, `config`
 */
export function resolveProgram({ argv, directory }: Call, path: string): string {
  const [program] = argv;
  if (program === "" || argv.some((argument) => argument.includes("\0"))) {
    throw new StepError(
      "config",
      `${JSON.stringify(argv)} is not a command: an argument holds a NUL byte or the program is empty`,
      {
        advice: "correct the argument; the kernel ends every argument at its first NUL byte",
      },
    );
  }
  if (directory !== undefined && !isDirectory(directory)) {
    throw new StepError(
      "config",
      `${program} cannot be started in ${directory}: it is not a directory that can be entered`,
      {
        advice: `create it (mkdir -p ${directory}) or name another directory`,
      },
    );
  }
  const file = program.includes("/") ? resolve(directory ?? ".", program) : findProgram(program, path);
  if (file === null || !isExecutable(file)) throw launchFailure({ argv }, "ENOENT", "");
  return file;
}

/** Why a program could not be started at all. */
export function launchFailure({ argv }: Call, code: string | undefined, message: string): StepError {
  const [program] = argv;
  const name = program.slice(program.lastIndexOf("/") + 1);
  const known = packages[name];
  if (code === "ENOENT") {
    const advice = known ? `apt-get install ${known}` : "install it, or give its full path";
    const where = program.includes("/")
      ? "is not there or not executable"
      : "is not installed (nothing on PATH has that name)";
    return new StepError("tool_missing", `${program} ${where}`, { advice });
  }
  if (code === "EACCES" || code === "EPERM" || code === "ENOEXEC") {
    return new StepError("tool_missing", `${program} cannot be executed: ${message}`, {
      advice: known
        ? `apt-get install --reinstall ${known}`
        : `look at its permissions and its first line: ls -l ${program}`,
    });
  }
  return new StepError("unknown", `${program} could not be started: ${message}`, {
    advice: code === "E2BIG" ? "hand it less: the arguments are longer than the kernel takes" : "try it by hand",
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function isDirectory(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
