import type { AnyCondition, Severity, Silence, Threshold } from "../model/alert/condition.ts";
import type { AnyExpression, Selecting } from "../model/alert/expression.ts";
import type { Unit } from "../model/alert/measure.ts";
import { type MetricName, metrics } from "../model/metrics.ts";
import { formatBytes, formatDuration } from "../model/quantity.ts";

/** When an alert fires at a level, for people; null: it has no such level. */
export function conditionInWords(condition: AnyCondition, severity: Severity): string | null {
  if (condition.kind === "silence") return condition.severity === severity ? silence(condition) : null;
  if (condition.kind === "threshold") return threshold(condition, severity);
  const parts = condition.of.flatMap((part) => conditionInWords(part, severity) ?? []);
  return parts.length === 0 ? null : parts.join(", or ");
}

/** A value with its unit, as people write it. */
export function amountInWords(unit: Unit, value: number): string {
  switch (unit) {
    case "seconds":
      return formatDuration(value);
    case "ratio":
      return `${Number((value * 100).toPrecision(6))} %`;
    case "bytes":
      return formatBytes(value);
    case "usd":
      return `${value} USD`;
    default:
      return String(value);
  }
}

function threshold({ value, is, levels, lasting }: Threshold, severity: Severity): string | null {
  const level = levels[severity];
  if (level === undefined) return null;
  const judged =
    value.unit === "boolean" ? `is ${is === "above" ? 1 : 0}` : `${is} ${amountInWords(value.unit, level)}`;
  const how = lasting === 0 ? "at once" : `for ${formatDuration(lasting)}`;
  return `${valueInWords(value)} ${judged}, ${how}`;
}

function silence({ longer, unless, ...selected }: Silence): string {
  const excused = unless === null ? "" : `; not where ${series(unless)} was there within a week`;
  return `${series(selected)} was there within a week, and has been missing for ${formatDuration(longer)}${excused}`;
}

function valueInWords(value: AnyExpression): string {
  switch (value.kind) {
    case "current":
      return series(value);
    case "increase":
      return `increase of ${series(value)} within ${formatDuration(value.within)}`;
    case "tally":
      return `number of groups with ${valueInWords(value.of)} ${value.is} ${amountInWords(value.of.unit, value.level)}`;
    case "difference":
      return `${valueInWords(value.left)} minus ${valueInWords(value.right)}`;
    default:
      return `${valueInWords(value.left)} divided by ${valueInWords(value.right)}`;
  }
}

function series({ metric, where, without }: Selecting & { readonly metric: MetricName }): string {
  const chosen = [
    ...Object.entries(where).map(([label, values]) => `${label}=${values.join(" or ")}`),
    ...Object.entries(without).map(([label, values]) => `${label} not ${values.join(" or ")}`),
  ];
  return `\`${metrics[metric].prometheus}${chosen.length === 0 ? "" : `{${chosen.join(", ")}}`}\``;
}
