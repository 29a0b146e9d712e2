import { type BtrfsDevice, type BtrfsHealth, metadataPressure, roomFor, type Scrub } from "../../model/btrfs/health.ts";
import { toStepError } from "../../model/run/outcome.ts";
import type { Execute } from "../exec.ts";
import { type Mount, usageOf } from "../files/filesystem.ts";
import { type ReadDevices, readDevices, readDeviceUsage } from "./devices.ts";
import { doubtful } from "./doubt.ts";
import { isScrubRunning, readScrubRecords, scrubErrorsOf, stateOf, wholeScrubOf } from "./scrub.ts";
import {
  type Allocation,
  allocatedTypes,
  type BtrfsCapacity,
  capacityOf,
  readAllocation,
  readOperation,
  readReserve,
  sysfs,
} from "./sysfs.ts";

/** A mounted Btrfs to look at. */
export interface BtrfsPlace {
  readonly uuid: string;
  readonly mount: Pick<Mount, "source" | "mountPoint" | "filesystemOptions">;
}

/** Another root than the kernel's is for tests. */
interface Look {
  readonly execute: Execute;
  readonly root?: string;
}

/**
 * Room, devices and what goes on, each as far as it can be seen: what cannot is null and told in `unknown`. From sysfs, so without privileges;
 * only of a filesystem of several devices `btrfs device usage` is asked, since the kernel tells nowhere else what is free on each.
 */
export async function lookAtHealth({ uuid, mount }: BtrfsPlace, { execute, root = sysfs }: Look): Promise<BtrfsHealth> {
  const { source: device, mountPoint } = mount;
  const unknown: string[] = [];
  const known = async <T>(what: string, look: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await look();
    } catch (error) {
      unknown.push(`${what}: ${toStepError(error).message}`);
      return null;
    }
  };
  const types = (await known("allocation", () => allocatedTypes(uuid, root))) ?? [];
  const found = await Promise.all(types.map((type) => known(type, () => readAllocation(uuid, type, root))));
  const allocations = found.filter((allocation) => allocation !== null);
  const isComplete = types.length > 0 && allocations.length === types.length;
  const capacity = isComplete
    ? await known("capacity", async () => capacityOf(allocations, (await usageOf(mountPoint)).sizeBytes))
    : null;
  const { devices, unknown: more } = (await known("devices", () => withPaths(uuid, mount, { execute, root }))) ?? {
    devices: null,
    unknown: [],
  };
  return {
    uuid,
    device,
    mountPoint,
    isReadOnly: mount.filesystemOptions.split(",").includes("ro"),
    ...(capacity ?? { sizeBytes: null, usedBytes: null, unallocatedBytes: null }),
    allocations,
    metadataPressure:
      capacity &&
      devices &&
      (await known("metadata pressure", () => pressureOf(allocations, capacity, devices, readReserve(uuid, root)))),
    devices,
    operation: await known("exclusive operation", () => readOperation(uuid, root)),
    unknown: [...unknown, ...more],
  };
}

type DeviceWithRoom = BtrfsDevice & { readonly unallocatedBytes: number | null };

async function withPaths(
  uuid: string,
  { source, mountPoint }: BtrfsPlace["mount"],
  { execute, root }: Required<Look>,
): Promise<{ readonly devices: readonly DeviceWithRoom[]; readonly unknown: readonly string[] }> {
  const { devices, unknown }: ReadDevices = readDevices(uuid, root);
  const [only, ...others] = devices;
  if (only !== undefined && others.length === 0) {
    return { devices: [{ ...only, path: only.isMissing ? null : source, unallocatedBytes: null }], unknown };
  }
  try {
    const usage = new Map((await readDeviceUsage(execute, mountPoint)).map((each) => [each.devid, each]));
    return {
      devices: devices.map((each) => {
        const { path = null, unallocatedBytes = null } = usage.get(each.devid) ?? {};
        return { ...each, path, unallocatedBytes };
      }),
      unknown,
    };
  } catch (error) {
    const why = `metadata pressure: ${toStepError(error).message}`;
    return { devices: devices.map((each) => ({ ...each, unallocatedBytes: null })), unknown: [...unknown, why] };
  }
}

/** Null where what is free on each device is not known. */
function pressureOf(
  allocations: readonly Allocation[],
  { unallocatedBytes }: BtrfsCapacity,
  devices: readonly DeviceWithRoom[],
  reserveBytes: number,
): number | null {
  const metadata = allocations.find(({ type }) => type === "metadata" || type === "mixed");
  if (metadata === undefined || metadata.profiles.length === 0) {
    throw doubtful("the filesystem does not tell of which profile its metadata is", "kernel");
  }
  const usable = devices.filter(({ isMissing }) => !isMissing);
  const free = devices.length === 1 ? [unallocatedBytes] : usable.map((each) => each.unallocatedBytes);
  if (free.some((bytes) => bytes === null)) return null;
  // While a conversion is under way new chunks have the stricter profile, or the other one: the less room counts.
  const rooms = metadata.profiles.map((profile) => roomFor(profile, free as number[]));
  return metadataPressure({ ...metadata, reserveBytes, roomBytes: Math.min(...rooms) });
}

/**
 * The last scrub, from the record that btrfs-progs keeps; only of one that has begun and not ended is the kernel asked. Needs root.
 * @param devids of the devices that are there; null: unknown, so that a whole scrub cannot be told from one of some devices
 * @param remembered when the last whole scrub began that an earlier look saw: a later one overwrites its record when it begins
 */
export async function lookAtScrub(
  { uuid, mount }: BtrfsPlace,
  {
    devids,
    remembered,
    execute,
    records,
  }: { devids: readonly string[] | null; remembered: number | null; execute: Execute; records?: string },
): Promise<Scrub> {
  const found = readScrubRecords(uuid, records);
  const told = stateOf(found);
  const state =
    told === "open" ? ((await isScrubRunning(execute, mount.mountPoint)) ? "running" : "interrupted") : told;
  const whole = devids === null ? null : wholeScrubOf(found, devids);
  return { state, wholeSince: whole ?? remembered, errors: state === "never" ? null : scrubErrorsOf(found) };
}
