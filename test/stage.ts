import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const prefix = "pantheros-tests-";

export interface Stage {
  /** Temporary folder of all tests of this run; its name tells whose it is. */
  readonly directory: string;
  /** Removes what is still there. @returns what that was: a test that cleans up leaves nothing */
  clear(): Promise<readonly string[]>;
}

/**
 * One temporary folder for a whole run of the tests, so that nothing is left behind however it ends: interrupted, crashed, or killed,
 * in which case the next run clears up after it.
 */
export async function openStage(base: string): Promise<Stage> {
  for (const name of readdirSync(base)) {
    const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length).split("-")[0]) : Number.NaN;
    if (Number.isInteger(owner) && !isAlive(owner)) await clear(join(base, name), 0);
  }
  // Resolved: mounts and working directories are compared by their real path.
  const directory = realpathSync(mkdtempSync(join(base, `${prefix}${process.pid}-`)));
  // Tests that act as another user have to come through.
  chmodSync(directory, 0o711);
  // Open to pass through: tests that act as another user have to reach what they made for him.
  chmodSync(directory, 0o711);
  return { directory, clear: () => clear(directory, 3000) };
}

/** @param patience milliseconds that processes get to go by themselves; then they are killed, each by its id */
async function clear(directory: string, patience: number): Promise<string[]> {
  const end = performance.now() + patience;
  let processes = processesIn(directory);
  while (processes.length > 0 && performance.now() < end) {
    await sleep(50);
    processes = processesIn(directory);
  }
  for (const { pid } of processes) kill(pid);
  // The latest first: one may be mounted below another.
  const mounts = mountsIn(directory).reverse();
  for (const mount of mounts) execFileSync("umount", ["--lazy", mount]);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return [
    ...processes.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...mounts.map((mount) => `mount ${mount}`),
  ];
}

/** Processes that work in the folder, name it in their arguments, or inherited it as their temporary folder. */
export function processesIn(directory: string): { readonly pid: number; readonly command: string }[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => {
      const command = look(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
      const marks = [
        command,
        look(() => readlinkSync(`/proc/${pid}/cwd`)),
        look(() => readFileSync(`/proc/${pid}/environ`, "utf8")),
      ];
      return marks.some((mark) => mark.includes(directory))
        ? [{ pid, command: command.replaceAll("\0", " ").trim() }]
        : [];
    });
}

/** Mount points below the folder, in the order in which they were mounted. */
export function mountsIn(directory: string): string[] {
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) =>
      (line.split(" ")[1] ?? "").replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((path) => path.startsWith(`${directory}/`));
}

/** What cannot be read is gone, or somebody else's. */
function look(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function isAlive(pid: number): boolean {
  return look(() => readFileSync(`/proc/${pid}/stat`, "utf8")) !== "";
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
