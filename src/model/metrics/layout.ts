import { layoutRuleNames } from "../layout/finding.ts";
import { gauge, type MetricDefinition } from "./definition.ts";

/** Layout. */
export const layout = {
  layoutInfo: gauge(
    "layout_info",
    "layout.info",
    "boolean",
    ["profile"],
    "1; the layout that the host is held against.",
  ),
  layoutViolations: gauge(
    "layout_violations",
    "layout.violations",
    "count",
    ["rule"],
    "Subvolumes and filesystems that are not as the layout asks, by rule; absent where nothing could be judged.",
    { rule: layoutRuleNames },
  ),
  layoutHolding: gauge(
    "layout_holding",
    "layout.holding",
    "count",
    ["rule"],
    "Subvolumes and filesystems that are as the layout asks, by rule.",
    { rule: layoutRuleNames },
  ),
  layoutUnknown: gauge(
    "layout_unknown",
    "layout.unknown",
    "count",
    ["rule"],
    "Subvolumes and filesystems that could not be looked at, by rule.",
    { rule: layoutRuleNames },
  ),
} as const satisfies Record<string, MetricDefinition>;
