import {
  type DynamicConfigValue,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Unit } from "../../model/alert/measure.ts";
import type { Judgement } from "../../model/dashboard/judgement.ts";
import type { Tone } from "../../model/dashboard/widget.ts";

/** https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/#unit */
export const unitIds: Readonly<Record<Unit, string>> = {
  seconds: "s",
  bytes: "bytes",
  ratio: "percentunit",
  // In milliseconds: see `shownByGrafana`.
  timestamp: "dateTimeFromNow",
  usd: "currencyUSD",
  count: "short",
  boolean: "none",
  status: "none",
};

/** Names of Grafana's own palette, which fits its light and its dark theme. */
export const toneColors: Readonly<Record<Tone, string>> = {
  good: "green",
  odd: "yellow",
  bad: "red",
  idle: "semi-dark-blue",
};

const colors = { fine: "green", warning: "yellow", critical: "red", unjudged: "text" } as const;

/** What a 0 or 1 is called. */
export const yesOrNo: ValueMapping = {
  type: MappingType.ValueToText,
  options: { "0": { text: "no", index: 0 }, "1": { text: "yes", index: 1 } },
};

/** @param fine the colour of what is not beyond a level, and of everything where nothing is judged */
export function thresholds(judgement: Judgement | null, unit: Unit, fine?: string): ThresholdsConfigBuilder {
  const steps = stepsOf(judgement, unit, fine);
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

function stepsOf(judgement: Judgement | null, unit: Unit, fine: string | undefined) {
  if (judgement === null) return [{ value: null, color: fine ?? colors.unjudged }];
  const { critical, warning } = judgement.levels;
  const good = fine ?? colors.fine;
  if (judgement.is === "above") {
    return [
      { value: null, color: good },
      ...(warning === undefined ? [] : [{ value: beyond(warning, unit), color: colors.warning }]),
      ...(critical === undefined ? [] : [{ value: beyond(critical, unit), color: colors.critical }]),
    ];
  }
  const least = critical === undefined ? colors.warning : colors.critical;
  return [
    { value: null, color: least },
    ...(critical === undefined || warning === undefined ? [] : [{ value: critical, color: colors.warning }]),
    { value: warning ?? critical ?? null, color: good },
  ];
}

/** Grafana colours what has reached a step; ours are passed: above 0 failures is from the first one on. */
function beyond(level: number, unit: Unit): number {
  if (unit === "count") return Math.floor(level) + 1;
  return level === 0 ? 1e-9 : level;
}

/** How a column of a table is to be shown, whose others have other units. */
export function cellLook(unit: Unit, judgement: Judgement | null): DynamicConfigValue[] {
  const { steps } = thresholds(judgement, unit).build();
  return [
    { id: "unit", value: unitIds[unit] },
    ...(unit === "count" ? [{ id: "decimals", value: 0 }] : []),
    ...(unit === "boolean" ? [{ id: "mappings", value: [yesOrNo] }] : []),
    ...(judgement === null
      ? []
      : [
          { id: "thresholds", value: { mode: ThresholdsMode.Absolute, steps } },
          { id: "custom.cellOptions", value: { type: "color-text" } },
        ]),
  ];
}
