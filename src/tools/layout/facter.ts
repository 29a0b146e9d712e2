import { readFile } from "node:fs/promises";
import type { Disk, Hardware } from "../../model/layout/hardware.ts";
import { StepError } from "../../model/run/outcome.ts";

/** Of the report's format (`version` at its top), as nixos-facter 0.3 and 0.4 write it (November 2026). */
const knownVersion = 1;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a hardware report of nixos-facter.
 * @throws StepError `source` when it cannot be read, `config` when it is no report or one of another version
 */
export async function readFacter(path: string): Promise<Hardware> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new StepError("source", `the hardware report ${path} cannot be read: ${(cause as Error).message}`, {
      advice: `write it with: nixos-facter -o ${path}`,
      cause,
    });
  }
  return parseFacter(text, path);
}

/** @param path for the messages */
export function parseFacter(text: string, path: string): Hardware {
  const report = parseJson(text, path);
  const { version, virtualisation, hardware } = report;
  if (typeof version !== "number") throw unusable(`${path} is no report of nixos-facter: it has no version`, path);
  if (version !== knownVersion) {
    throw new StepError(
      "config",
      `${path} is a report of version ${version}; this pantheros reads version ${knownVersion}`,
      {
        advice: "name the profile instead (layout.profile, --profile), or look for a newer pantheros",
      },
    );
  }
  const disks = isFields(hardware) ? hardware["disk"] : undefined;
  if (!Array.isArray(disks)) throw unusable(`${path} lists no disks (hardware.disk)`, path);
  return {
    disks: disks.filter(isFields).filter(isDisk).map(diskOf),
    isVirtual: typeof virtualisation === "string" ? virtualisation !== "none" : null,
  };
}

function parseJson(text: string, path: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return value;
  } catch (cause) {
    throw unusable(`${path} is not whole JSON: ${(cause as Error).message}`, path, cause);
  }
  throw unusable(`${path} is no report of nixos-facter`, path);
}

function unusable(message: string, path: string, cause?: unknown): StepError {
  return new StepError("config", message, {
    advice: `write it again with: nixos-facter -o ${path}; or name the profile (layout.profile, --profile)`,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The report also calls zram a disk, and whatever else the kernel shows as a block device. */
function isDisk(entry: Fields): boolean {
  return !/^\/dev\/(?:zram|loop|ram|sr|fd|md|dm-|nbd)/.test(deviceOf(entry) ?? "");
}

function diskOf(entry: Fields): Disk {
  const model = entry["model"];
  const names = strings(entry["unix_device_names"]);
  return {
    device: deviceOf(entry),
    // An id of the disk itself, not of its place (eui., wwn-), reads best.
    stableName: names.find((name) => /^\/dev\/disk\/by-id\/(?!.*(?:eui\.|wwn-))/.test(name)) ?? null,
    kind: kindOf(entry),
    bytes: bytesOf(entry),
    model: typeof model === "string" ? model : "",
  };
}

/** `unix_device_name` is missing more often than not; among the names one is the kernel's own. */
function deviceOf(entry: Fields): string | null {
  const own = entry["unix_device_name"];
  const names = [...(typeof own === "string" ? [own] : []), ...strings(entry["unix_device_names"])];
  return names.find((name) => /^\/dev\/[^/]+$/.test(name)) ?? null;
}

function kindOf(entry: Fields): Disk["kind"] {
  const bus = isFields(entry["bus_type"]) ? entry["bus_type"]["name"] : undefined;
  const drivers = [...strings(entry["drivers"]), ...strings([entry["driver"]])];
  const has = (...names: string[]) => names.some((name) => drivers.includes(name));
  if (has("usb-storage", "uas") || bus === "USB" || typeof entry["usb_guid"] === "string") return "usb";
  if (has("nvme") || bus === "NVME" || strings(entry["class_list"]).includes("nvme")) return "nvme";
  if (has("virtio_scsi", "virtio_blk", "virtio-pci")) return "virtio";
  return bus === "SCSI" ? "scsi" : "other";
}

/** Of the resource that is a size in sectors: how many, times how large. */
function bytesOf(entry: Fields): number | null {
  const resources = Array.isArray(entry["resources"]) ? entry["resources"].filter(isFields) : [];
  for (const { type, unit, value_1: count, value_2: each } of resources) {
    if (type !== "size" || unit !== "sectors" || typeof count !== "number" || typeof each !== "number") continue;
    const bytes = count * each;
    if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  }
  return null;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
