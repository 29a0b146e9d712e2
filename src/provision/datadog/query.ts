import type { Threshold } from "../../model/alert/condition.ts";
import type { AnyExpression, Current, Increase, Selecting } from "../../model/alert/expression.ts";
import type { MetricDefinition } from "../../model/metrics/definition.ts";
import { type MetricName, metrics, toDatadogUnit } from "../../model/metrics.ts";

/** State gauges are sent once a minute, so that five of them see each state; metric monitors look at no less. */
const shortestWindow = 300;

/**
 * The query of a metric monitor, https://docs.datadoghq.com/monitors/types/metric/. "Beyond the level for two hours" is "its least value
 * of two hours is beyond the level".
 * @param level in the unit that Datadog shows
 */
export function monitorQuery({ value, is, lasting }: Threshold, level: number): string {
  const judged = valueToDatadog(value);
  const operator = is === "above" ? ">" : "<";
  if (value.kind === "increase") return `sum(${windowOf(value.within)}):${judged} ${operator} ${level}`;
  const throughout = is === "above" ? "min" : "max";
  const once = is === "above" ? "max" : "min";
  const window = windowOf(Math.max(lasting, shortestWindow));
  return `${lasting === 0 ? once : throughout}(${window}):${judged} ${operator} ${level}`;
}

/** A value without its judgement, as monitors and widgets take it. */
export function valueToDatadog(expression: AnyExpression): string {
  return formulaToDatadog(expression, (reading) =>
    reading.kind === "current"
      ? series(reading.across, reading.metric, reading, reading.by)
      : `${series("sum", reading.metric, reading, reading.by)}.as_count()`,
  );
}

/** What a value reads: a series of a metric, with its groups. */
export type Reading = Extract<AnyExpression, Current | Increase>;

/** A value made of what it reads. @param write how a reading is written there: itself, or the name of a query */
export function formulaToDatadog(expression: AnyExpression, write: (reading: Reading) => string): string {
  const operand = (inside: AnyExpression) => {
    const value = formulaToDatadog(inside, write);
    return "metric" in inside ? value : `(${value})`;
  };
  if (expression.kind === "tally") {
    // What is not beyond the level becomes 0: nothing is lost that would make "none" look like "not known".
    const level = levelToDatadog(expression.of, expression.level);
    const clamp = expression.is === "above" ? "clamp_min" : "clamp_max";
    const clamped = `${clamp}(${formulaToDatadog(expression.of, write)}, ${level})`;
    return `count_nonzero(${level === 0 ? clamped : `${clamped} - ${level}`})`;
  }
  if (expression.kind === "share") return `default_zero(${operand(expression.left)}) / ${operand(expression.right)}`;
  if ("left" in expression) {
    return `${operand(expression.left)} ${expression.kind === "quotient" ? "/" : "-"} ${operand(expression.right)}`;
  }
  return write(expression);
}

/** A level in the unit that Datadog shows for the value; a quotient has none: both sides are shown alike. */
export function levelToDatadog(expression: AnyExpression, level: number): number {
  if (expression.kind === "tally") return level;
  if ("left" in expression) return expression.kind === "difference" ? levelToDatadog(expression.left, level) : level;
  return toDatadogUnit(metrics[expression.metric], level);
}

/** The unit in which Datadog has the value. */
export function shownUnit(expression: AnyExpression): string {
  if (expression.kind === "difference") return shownUnit(expression.left);
  if (!("metric" in expression)) return expression.unit;
  const { unit, datadogUnit }: MetricDefinition = metrics[expression.metric];
  return datadogUnit ?? unit;
}

/** A metric in Datadog, with what is selected of it and its groups: `max:pantheros.disk.usage{host:a} by {device}`. */
export function series(across: string, metric: MetricName, selecting: Selecting, by: readonly string[]): string {
  const groups = by.length === 0 ? "" : ` by {${by.join(",")}}`;
  return `${across}:${metrics[metric].datadog}{${scopeOf(selecting)}}${groups}`;
}

function scopeOf({ where, without, chosen = [] }: Selecting): string {
  const scope = [
    ...chosen.map((label) => `$${label}`),
    ...Object.entries(where).map(taken),
    ...Object.entries(without).map(left),
  ];
  return scope.join(" AND ") || "*";
}

function taken([label, values]: readonly [string, readonly string[]]): string {
  return values.length === 1 ? `${label}:${values[0]}` : `${label} IN (${values.join(",")})`;
}

function left([label, values]: readonly [string, readonly string[]]): string {
  return values.length === 1 ? `!${label}:${values[0]}` : `${label} NOT IN (${values.join(",")})`;
}

/**
 * `last_5m`, `last_2h`, `last_1d`, `last_1w`: what https://docs.datadoghq.com/api/latest/monitors/ has for metric monitors.
 * @throws Error for more than a week
 */
export function windowOf(seconds: number): string {
  if (seconds > 604_800) throw new Error(`a monitor of Datadog looks back a week at most, not ${seconds} seconds`);
  if (seconds === 604_800) return "last_1w";
  if (seconds === 86_400) return "last_1d";
  return seconds % 3600 === 0 ? `last_${seconds / 3600}h` : `last_${Math.ceil(seconds / 60)}m`;
}
