import { join } from "node:path";
import { type BtrfsDevice, type DeviceErrorKind, deviceErrorKinds } from "../../model/btrfs/health.ts";
import { StepError, toStepError } from "../../model/run/outcome.ts";
import type { Execute } from "../exec.ts";
import { btrfsFailure } from "./btrfs.ts";
import { countOf } from "./count.ts";
import { doubtful } from "./doubt.ts";
import { entries, readValue, sysfs } from "./sysfs.ts";

/** What of the devices could be read, and why the rest could not. */
export interface ReadDevices {
  readonly devices: readonly BtrfsDevice[];
  readonly unknown: readonly string[];
}

/** The devices of a mounted filesystem, without their paths, which sysfs does not tell. @throws StepError `source` where there are none */
export function readDevices(uuid: string, root = sysfs): ReadDevices {
  const base = join(root, uuid, "devinfo");
  const devids = entries(base).filter((name) => /^\d+$/.test(name));
  if (devids.length === 0) {
    throw new StepError("source", `${base} tells of no device`, {
      advice: "the filesystem was unmounted meanwhile, or the kernel is older than 5.6",
    });
  }
  const unknown: string[] = [];
  const devices = devids
    .toSorted((a, b) => Number(a) - Number(b))
    .map((devid) => {
      const known = <T>(what: string, read: () => T): T | null => {
        try {
          return read();
        } catch (error) {
          unknown.push(`${what} of device ${devid}: ${toStepError(error).message}`);
          return null;
        }
      };
      const isMissing = known("presence", () => countOf(readValue(join(base, devid, "missing")), "missing") !== 0);
      const text = known("errors", () => readValue(join(base, devid, "error_stats")));
      const counts = deviceErrorKinds.flatMap((kind): [DeviceErrorKind, number][] => {
        const count = text === null ? null : known(`${kind} errors`, () => errorsIn(text, kind));
        return count === null ? [] : [[kind, count]];
      });
      return { devid, path: null, isMissing, errors: Object.fromEntries(counts) };
    });
  return { devices, unknown };
}

/** `error_stats` has a line for each kind, or the one word `invalid`. */
function errorsIn(text: string, kind: DeviceErrorKind): number {
  const line = new RegExp(`^${kind}_errs (.*)$`, "m").exec(text)?.[1];
  return countOf(line ?? "", `${kind}_errs`);
}

/** What `btrfs device usage` knows besides. */
export interface DeviceUsage {
  readonly devid: string;
  /** Null: it is missing. */
  readonly path: string | null;
  readonly unallocatedBytes: number;
}

/** Paths of the devices and what is free on each. Needs CAP_SYS_ADMIN: without, the tool prints numbers that are not true and ends with 0. */
export async function readDeviceUsage(execute: Execute, mountPoint: string): Promise<readonly DeviceUsage[]> {
  const result = await execute({ argv: ["btrfs", "device", "usage", "-b", "--", mountPoint], timeoutSeconds: 20 });
  const failed = `what is free on each device of ${mountPoint} cannot be seen`;
  if (result.exitCode !== 0) throw btrfsFailure(failed, result);
  if (/run as root/.test(result.stderr)) {
    throw new StepError("auth", `${failed} without root`, { advice: "run it as root, or with CAP_SYS_ADMIN" });
  }
  return parseDeviceUsage(result.stdout);
}

/** Output of `btrfs device usage -b`. @throws StepError `verification` */
export function parseDeviceUsage(text: string): readonly DeviceUsage[] {
  const blocks = [...text.matchAll(/^(\S.*), ID: (\d+)\n((?: +\S.*\n?)+)/gm)];
  if (blocks.length === 0) throw doubtful("btrfs device usage names no device", "program");
  return blocks.map(([, name = "", devid = "", lines = ""]) => {
    const numbers = [...lines.matchAll(/^ +([^:]+): +(\S+)$/gm)].map(
      ([, what = "", number = ""]) => [what, countOf(number, `${what} of device ${devid}`)] as const,
    );
    const unallocatedBytes = numbers.find(([what]) => what === "Unallocated")?.[1];
    if (unallocatedBytes === undefined) {
      throw doubtful(`btrfs device usage does not tell what is free on device ${devid}`, "program");
    }
    return { devid, path: name.startsWith("/") ? name : null, unallocatedBytes };
  });
}
