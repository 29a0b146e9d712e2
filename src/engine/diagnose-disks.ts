import { type DiskReport, reportDisks } from "../collectors/disk-report.ts";
import type { Config } from "../config/schema.ts";
import { formatBytes } from "../model/quantity.ts";
import type { Execute } from "../tools/exec.ts";

/** What was found of one filesystem; none of it keeps a job from running. */
interface DiskFinding {
  /** Its mount point. */
  readonly what: string;
  readonly state: "ok" | "warning";
  readonly found: string;
  readonly mend?: string;
}

/** Each filesystem in use: what is wrong with it, or how full it is. `pantheros disks` shows more. @param now seconds since the epoch */
export async function diagnoseDisks(config: Config, execute: Execute, now: number): Promise<readonly DiskFinding[]> {
  // Without memory: here it matters what a scrub has found, not since when one is missing.
  const { disks } = await reportDisks(config, { execute, now, recall: () => null });
  return disks.flatMap(findingsOf);
}

function findingsOf({ mountPoint, type, usage, sizeBytes, troubles, notes, unknown }: DiskReport): DiskFinding[] {
  if (troubles.length > 0) {
    return troubles.map(({ found, mend }) => ({ what: mountPoint, state: "warning", found, mend }));
  }
  const room = usage === null ? "" : `, ${Math.floor(usage * 100)} % of ${formatBytes(sizeBytes ?? 0)} used`;
  if (unknown.length === 0) {
    const [note] = notes;
    const found = [`${type}${room}`, note?.found].filter((part) => part !== undefined).join("; ");
    return [{ what: mountPoint, state: "ok", found, ...(note ? { mend: note.mend } : {}) }];
  }
  return [
    { what: mountPoint, state: "warning", found: `${type}${room}; ${unknown.join("; ")}`, mend: "pantheros disks" },
  ];
}
