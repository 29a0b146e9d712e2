import type { LayoutFinding, LayoutRule, Verdict } from "./finding.ts";
import type { Layout, LayoutSubvolume } from "./profile.ts";
import { judgeFilesystemOptions, judgeMountOptions } from "./rules/options.ts";
import { judgeExistence, judgeMount, judgePool } from "./rules/presence.ts";
import { judgeCompression, judgeCopyOnWrite } from "./rules/storage.ts";
import { judgeWhole } from "./rules/whole.ts";
import { below, type LayoutSight } from "./sight.ts";

export interface LayoutAudit {
  readonly findings: readonly LayoutFinding[];
  /** Names of subvolumes that need not be there and are not. */
  readonly unused: readonly string[];
}

/** Holds a layout against what was seen: every rule that applies to a pool or a subvolume, once. */
export function auditLayout(layout: Layout, sight: LayoutSight): LayoutAudit {
  const findings: LayoutFinding[] = [];
  const unused: string[] = [];
  for (const pool of layout.pools.filter(({ options }) => options.length > 0)) {
    const subject = { subject: pool.name, kind: "pool", mountPoint: null, reason: pool.reason } as const;
    findings.push({ ...judgeFilesystemOptions(pool, layout, sight), ...subject, rule: "filesystem_options" });
  }
  for (const asked of layout.subvolumes) {
    const existence = judgeExistence(asked, layout, sight);
    if (!isUsed(asked, existence, sight)) {
      unused.push(asked.name);
      continue;
    }
    const { name: subject, mountPoint, reason } = asked;
    for (const [rule, verdict] of verdicts(asked, existence, layout, sight)) {
      findings.push({ ...verdict, rule, subject, kind: "subvolume", mountPoint, reason });
    }
  }
  return { findings, unused };
}

function verdicts(
  asked: LayoutSubvolume,
  existence: Verdict,
  layout: Layout,
  sight: LayoutSight,
): (readonly [LayoutRule, Verdict])[] {
  const { mountPoint, compression } = asked;
  const pool = layout.pools.find(({ name }) => name === asked.pool);
  const list: (readonly [LayoutRule, Verdict])[] = [["exists", existence]];
  if (mountPoint !== null) list.push(["mounted", judgeMount({ ...asked, mountPoint }, layout, sight)]);
  if (layout.pools.length > 1) list.push(["pool", judgePool(asked, layout, sight)]);
  if (mountPoint !== null && asked.mountOptions.length > 0) {
    list.push(["mount_options", judgeMountOptions({ ...asked, mountPoint }, layout, sight)]);
  }
  list.push(["copy_on_write", judgeCopyOnWrite(asked, sight)]);
  if (compression !== null) list.push(["compression", judgeCompression({ ...asked, compression }, pool, sight)]);
  if (asked.whole) list.push(["whole", judgeWhole(asked, sight)]);
  return list;
}

/** A subvolume that need not be there is judged where it is; a directory in use in its place counts only where the layout says so. */
function isUsed(asked: LayoutSubvolume, existence: Verdict, sight: LayoutSight): boolean {
  if (asked.presence === "required" || existence.state === "holds") return true;
  if (asked.presence === "optional" || asked.mountPoint === null) return false;
  const directory = sight.directories.get(below(sight.root, asked.mountPoint));
  // What cannot be looked into may well be a database.
  return directory !== undefined && !(directory.isEmpty.known && directory.isEmpty.value);
}
