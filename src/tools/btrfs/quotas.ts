import { join } from "node:path";
import { countOf } from "./count.ts";
import { doubtful } from "./doubt.ts";
import { entries, readValue, sysfs } from "./sysfs.ts";

/**
 * `simple` quotas charge what a snapshot shares to who wrote it first: they say nothing of what it holds alone.
 * `inconsistent` ones are being counted anew, or have to be.
 */
export type Quotas = "off" | "on" | "simple" | "inconsistent";

/** Nothing here turns quotas on: they make snapshots ten times, and removing them hundreds of times slower. @throws StepError */
export function readQuotas(uuid: string, root = sysfs): Quotas {
  const base = join(root, uuid, "qgroups");
  const present = entries(base);
  if (present.length === 0 || countOf(readValue(join(base, "enabled")), "qgroups/enabled") === 0) return "off";
  // Kernels before 6.7 know one kind only.
  const mode = present.includes("mode") ? readValue(join(base, "mode")).trim() : "qgroup";
  if (mode === "squota") return "simple";
  if (mode !== "qgroup")
    throw doubtful(`qgroups/mode is ${JSON.stringify(mode.slice(0, 40))}, which is not known`, "kernel");
  return countOf(readValue(join(base, "inconsistent")), "qgroups/inconsistent") === 0 ? "on" : "inconsistent";
}

/** Bytes that no other subvolume shares, its metadata included. @throws StepError */
export function readExclusive(uuid: string, subvolumeId: number, root = sysfs): number {
  const path = join(root, uuid, "qgroups", `0_${subvolumeId}`, "exclusive");
  return countOf(readValue(path), `what subvolume ${subvolumeId} holds alone`);
}
