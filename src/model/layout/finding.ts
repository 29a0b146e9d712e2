/** What can be asked of a layout: a closed set, since it labels metrics. */
export const layoutRules = {
  exists: "the subvolume is there",
  mounted: "it is mounted where it belongs",
  pool: "it is on the right one of several filesystems",
  mount_options: "its mount has the options that belong to the mount",
  filesystem_options: "the filesystem has the options that belong to all of it",
  copy_on_write: "new files in it are copied on write, or are not",
  compression: "new files in it are compressed, or are not",
  whole: "one snapshot holds all of it",
} as const;
export type LayoutRule = keyof typeof layoutRules;
export const layoutRuleNames = Object.keys(layoutRules) as LayoutRule[];

/** How to mend a violation. */
export interface Mend {
  /** For one shell session of root, each only when the one before it succeeded. Empty: only what `before` says can mend it. */
  readonly commands: readonly string[];
  /** What a person has to do or to know first. */
  readonly before?: string;
  /** What makes it last beyond the next boot: a line of /etc/fstab, and the same for NixOS. */
  readonly lasting?: { readonly fstab: string; readonly nix: string };
}

/** Of one rule on one subject. */
export type Verdict =
  | { readonly state: "holds"; readonly expected: string; readonly found: string }
  | { readonly state: "violated"; readonly expected: string; readonly found: string; readonly mend: Mend }
  | { readonly state: "unknown"; readonly expected: string; readonly why: string };
export type LayoutState = Verdict["state"];

export type LayoutFinding = Verdict & {
  readonly rule: LayoutRule;
  /** Name of the subvolume, or of the pool. */
  readonly subject: string;
  readonly kind: "subvolume" | "pool";
  /** Where the layout has it; null: it does not say. */
  readonly mountPoint: string | null;
  /** Why the layout asks for it. */
  readonly reason: string;
};

/** How often each rule holds, is violated, or could not be looked at. */
export function countStates(
  findings: readonly LayoutFinding[],
): ReadonlyMap<LayoutRule, Readonly<Record<LayoutState, number>>> {
  const counts = new Map<LayoutRule, Record<LayoutState, number>>();
  for (const { rule, state } of findings) {
    const count = counts.get(rule) ?? { holds: 0, violated: 0, unknown: 0 };
    count[state] += 1;
    counts.set(rule, count);
  }
  return counts;
}
