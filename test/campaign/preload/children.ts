import { readdirSync, readFileSync } from "node:fs";

/** Living children of a process that lead a group of their own, as every program of a run does. */
export function childGroups(parent: number): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const [state, parentOf, group] =
        readFileSync(`/proc/${entry}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
      return Number(parentOf) === parent && state !== "Z" && group === entry ? [Number(entry)] : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}
