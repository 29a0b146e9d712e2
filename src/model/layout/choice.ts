import { StepError } from "../run/outcome.ts";
import type { Disk, Hardware } from "./hardware.ts";
import type { LayoutProfile } from "./profile.ts";

/** One thing that a profile asks of the hardware, and what is there. */
export interface Evidence {
  readonly asked: string;
  readonly found: string;
  readonly fits: boolean;
}

export interface Candidate {
  readonly profile: LayoutProfile;
  readonly evidence: readonly Evidence[];
  /** Everything fits. */
  readonly fits: boolean;
}

/** Of the named size: what a provider calls 458 GB was seen as 457.8 GiB, what it calls 536 GB as 536.9 GB (November 2026). */
const tolerance = 0.02;
const gigabyte = 1e9;
const gibibyte = 1024 ** 3;

/** Each profile held against the hardware, with the evidence for and against it. */
export function weighProfiles(profiles: readonly LayoutProfile[], hardware: Hardware): readonly Candidate[] {
  return profiles.map((profile) => {
    const { hardware: rule } = profile;
    const evidence =
      "nvmeDisks" in rule
        ? nvmeEvidence(rule.nvmeDisks, hardware)
        : virtualEvidence(rule.virtualDiskGigabytes, hardware);
    return { profile, evidence, fits: evidence.every(({ fits }) => fits) };
  });
}

/** The one profile that fits. @throws StepError `config` when several do, or none */
export function chooseProfile(candidates: readonly Candidate[], report: string): Candidate {
  const fitting = candidates.filter(({ fits }) => fits);
  const [chosen, ...others] = fitting;
  if (chosen && others.length === 0) return chosen;
  const names = (list: readonly Candidate[]) => list.map(({ profile }) => profile.name).join(", ");
  const advice = `name the profile: layout.profile in the configuration, or --profile (${names(candidates)})`;
  if (chosen) {
    const why = fitting.map(
      ({ profile, evidence }) => `${profile.name}: ${evidence.map(({ found }) => found).join(", ")}`,
    );
    throw new StepError("config", `${names(fitting)} fit ${report} equally well (${why.join("; ")})`, { advice });
  }
  const missing = candidates.map(
    ({ profile, evidence }) =>
      `${profile.name} asks for ${evidence
        .filter(({ fits }) => !fits)
        .map(({ asked, found }) => `${asked}, not ${found}`)
        .join(" and ")}`,
  );
  throw new StepError("config", `no profile fits ${report}: ${missing.join("; ")}`, { advice });
}

function nvmeEvidence(wanted: number, { disks, isVirtual }: Hardware): Evidence[] {
  const nvme = disks.filter(({ kind }) => kind === "nvme");
  return [
    machineEvidence(false, isVirtual),
    {
      asked: `${wanted} NVMe ${wanted === 1 ? "disk" : "disks"}`,
      found: nvme.length === 0 ? "no NVMe disk" : `${nvme.length} NVMe: ${nvme.map(describeDisk).join(", ")}`,
      fits: nvme.length === wanted,
    },
  ];
}

function virtualEvidence(gigabytes: number, { disks, isVirtual }: Hardware): Evidence[] {
  const attached = disks.filter(({ kind }) => kind === "virtio" || kind === "scsi");
  return [
    machineEvidence(true, isVirtual),
    {
      asked: `a virtio or SCSI disk of about ${gigabytes} GB or GiB`,
      found: attached.length === 0 ? "no such disk" : attached.map(describeDisk).join(", "),
      fits: attached.some(({ bytes }) => bytes !== null && isAbout(bytes, gigabytes)),
    },
  ];
}

function isAbout(bytes: number, size: number): boolean {
  return [gigabyte, gibibyte].some((unit) => Math.abs(bytes / unit - size) <= size * tolerance);
}

/** A report that does not say what the machine is decides nothing. */
function machineEvidence(wanted: boolean, isVirtual: boolean | null): Evidence {
  const name = (virtual: boolean) => (virtual ? "a virtual machine" : "a machine of its own");
  const found = isVirtual === null ? "nothing said about virtualisation" : name(isVirtual);
  return { asked: name(wanted), found, fits: isVirtual === null || isVirtual === wanted };
}

function describeDisk({ device, bytes, model, kind }: Disk): string {
  const size = bytes === null ? "size unknown" : `${(bytes / gigabyte).toFixed(1)} GB`;
  return `${device ?? (model === "" ? `a ${kind} disk` : model)} (${size})`;
}
