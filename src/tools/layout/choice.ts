import { type Candidate, chooseProfile, weighProfiles } from "../../model/layout/choice.ts";
import type { Disk } from "../../model/layout/hardware.ts";
import { type OwnSubvolume, withOwn } from "../../model/layout/own.ts";
import type { Layout, LayoutProfile } from "../../model/layout/profile.ts";
import { type ProfileName, profiles } from "../../model/layout/profiles/index.ts";
import { readFacter } from "./facter.ts";

/** Where nixos-facter's report is when nobody says otherwise. */
export const usualReport = "/etc/nixos/facter.json";

/** Which layout is wanted. */
export interface LayoutWish {
  /** `auto`: the profile that fits the hardware; absent: none, only the rules of the configuration. */
  readonly profile?: ProfileName | "auto" | undefined;
  /** A report of nixos-facter. */
  readonly facter?: string | undefined;
  readonly subvolumes: Readonly<Record<string, OwnSubvolume>>;
}

export interface ChosenLayout {
  readonly layout: Layout;
  readonly profile: LayoutProfile | null;
  /** The report that the hardware was read from; null: the profile was named, or there is none. */
  readonly report: string | null;
  /** All profiles held against the hardware; empty without a report. */
  readonly candidates: readonly Candidate[];
  readonly disks: readonly Disk[];
}

/**
 * The layout that holds on this host. A profile that is named holds whatever the hardware is; the report is then only evidence.
 * @throws StepError `source` and `config`: see `readFacter` and `chooseProfile`
 */
export async function chooseLayout({ profile: named, facter, subvolumes }: LayoutWish): Promise<ChosenLayout> {
  const report = named === "auto" ? (facter ?? usualReport) : (facter ?? null);
  const hardware = report === null ? null : await readFacter(report);
  const candidates = hardware ? weighProfiles(Object.values(profiles), hardware) : [];
  const profile =
    named === "auto" ? chooseProfile(candidates, report ?? usualReport).profile : named ? profiles[named] : null;
  return { layout: withOwn(profile, subvolumes), profile, report, candidates, disks: hardware?.disks ?? [] };
}
