import type { Config } from "../config/schema.ts";
import type { LayoutConfig } from "../config/sections/layout.ts";
import { auditLayout } from "../model/layout/audit.ts";
import { countStates, layoutRuleNames } from "../model/layout/finding.ts";
import type { Sample } from "../model/samples/sample.ts";
import { chooseLayout, type LayoutWish } from "../tools/layout/choice.ts";
import { lookAtLayout } from "../tools/layout/look.ts";
import { defineCollector } from "./collector.ts";

export const audit = defineCollector({
  name: "audit",
  summary: "Whether the Btrfs of this host is laid out as it shall be; only where a layout is configured.",
  every: 3600,
  timeout: 120,
  async collect({ config, execute }) {
    const wish = layoutWish(config);
    if (!wish) return { samples: [] };
    const { layout, profile } = await chooseLayout(wish);
    const { findings } = auditLayout(layout, await lookAtLayout(execute, layout, "/"));
    const counts = countStates(findings);
    const samples: Sample[] = [
      { metric: "layoutInfo", labels: { profile: profile?.name ?? "none" }, value: 1 },
      ...layoutRuleNames.flatMap((rule): Sample[] => {
        const count = counts.get(rule);
        if (!count) return [];
        const unknown: Sample = { metric: "layoutUnknown", labels: { rule }, value: count.unknown };
        // Where nothing could be judged, no violation was seen and none was ruled out.
        if (count.holds + count.violated === 0) return [unknown];
        return [
          { metric: "layoutViolations", labels: { rule }, value: count.violated },
          { metric: "layoutHolding", labels: { rule }, value: count.holds },
          unknown,
        ];
      }),
    ];
    return { samples };
  },
});

/** The layout that a configuration asks for; null: none. */
export function layoutWish({ layout }: Pick<Config, "layout">): LayoutWish | null {
  if (!layout) return null;
  const own = Object.entries(layout.subvolumes).map(([name, written]) => [name, ownSubvolume(written)] as const);
  return { profile: layout.profile, facter: layout.facter, subvolumes: Object.fromEntries(own) };
}

function ownSubvolume(written: LayoutConfig["subvolumes"][string]) {
  const { mount_point: mountPoint, copy_on_write: copyOnWrite, mount_options: mountOptions, ...same } = written;
  return { ...same, mountPoint, copyOnWrite, mountOptions };
}
