import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hasEnded, statOf } from "../../src/tools/process/process.ts";
import { eventually } from "./eventually.ts";

/** Waits until a program has written its process id to a file. */
export async function writtenPid(file: string): Promise<number> {
  const pid = await eventually(`a process id in ${file}`, () =>
    existsSync(file) ? /^(\d+)\n$/.exec(readFileSync(file, "utf8"))?.[1] : null,
  );
  return Number(pid);
}

/** Process ids of a group that still execute something. */
export function livingInGroup(group: number): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => statOf(Number(entry)) ?? [])
    .filter((stat) => stat.group === group && !hasEnded(stat))
    .map(({ pid }) => pid);
}

/** Ends a group that the test knows to be its own; nothing is left of it: that is fine. */
export function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
