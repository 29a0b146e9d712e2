import type { AnyCondition, Silence, Threshold } from "../../model/alert/condition.ts";
import type { AnyExpression, Combined, Current, Increase, Selecting, Tally } from "../../model/alert/expression.ts";
import { metrics } from "../../model/metrics.ts";

/** For how long a host that has fallen silent is remembered: one that is gone for good must stop being told. */
const memoryOfHosts = "7d";
/** What every living pantheros publishes. */
const sign = metrics.buildInfo.prometheus;

/** A scrape that fails, and a pantheros or a host that is started anew, are no news: what was so goes on until then. */
const bridged = "10m";

/** How a series is read, where it is not read as it is now. */
type Read = (series: string) => string;
const asItIs: Read = (series) => series;
const acrossGaps: Read = (series) => `last_over_time(${series}[${bridged}])`;

/** Whether a condition holds at a level, as a query that has one series for each group in which it does. */
export function toPromql(condition: AnyCondition, severity: "critical" | "warning"): string | null {
  if (condition.kind === "silence") return condition.severity === severity ? silence(condition, condition.by) : null;
  if (condition.kind === "threshold") return threshold(condition, severity);
  const parts = condition.of.map((part) => toPromql(part, severity)).filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("\nor\n");
}

/** The value that a condition judges, without judging it. */
export function valueToPromql(expression: AnyExpression, read: Read = asItIs): string {
  if (expression.kind === "current") return current(expression, expression.by, read);
  if (expression.kind === "increase") return increase(expression, expression.by);
  if (expression.kind === "tally") return tally(expression, read);
  if (expression.kind === "share") return share(expression);
  const operator = expression.kind === "quotient" ? "/" : "-";
  return `${operand(expression.left, read)}\n  ${operator} ${operand(expression.right, read)}`;
}

function operand(expression: AnyExpression, read: Read): string {
  const value = valueToPromql(expression, read);
  return "metric" in expression ? value : `(${value})`;
}

/** A whole has grown wherever it is there; what is no part of it has no series. */
function share({ left, right }: Combined): string {
  const whole = valueToPromql(right);
  return `(${valueToPromql(left)} or 0 * ${whole})\n  / ${whole}`;
}

/** Nothing beyond the level is 0, and nothing at all is nothing. */
function tally({ of, is, level }: Tally, read: Read): string {
  const value = valueToPromql(of, read);
  return `count(${value} ${is === "above" ? ">" : "<"} ${level})\n  or 0 * count(${value})`;
}

/** A stretch of time as Prometheus writes it: `90s`, `2h`. @param seconds a whole number */
export function promqlDuration(seconds: number): string {
  const units = [
    [86_400, "d"],
    [3600, "h"],
    [60, "m"],
  ] as const;
  for (const [length, unit] of units) if (seconds % length === 0) return `${seconds / length}${unit}`;
  return `${seconds}s`;
}

function threshold({ value, is, levels }: Threshold, severity: "critical" | "warning"): string | null {
  const level = levels[severity];
  if (level === undefined) return null;
  const judged = valueToPromql(value, acrossGaps);
  // Comparison binds weaker than arithmetic: no parentheses are needed.
  return `${judged}\n${is === "above" ? ">" : "<"} ${level}`;
}

function current({ across, metric, ...selection }: Current, by: readonly string[], read: Read): string {
  return `${grouped(across, by)} (${read(selector(metrics[metric].prometheus, selection))})`;
}

/**
 * Prometheus sees no increase in a counter's first value, and a first failure begins its counter: a series that has appeared has grown as
 * well, provided that its host was watched before, and unless it may have counted elsewhere until then.
 */
function increase({ metric, within, appearing, ...selection }: Increase, by: readonly string[]): string {
  const series = selector(metrics[metric].prometheus, selection);
  const window = promqlDuration(within);
  if (appearing === "old") return `${grouped("sum", by)} (increase(${series}[${window}]))`;
  return `${grouped("sum", by)} (
  increase(${series}[${window}]) > 0
  or (${series} unless ${series} offset ${window}) and on (host) count by (host) (${sign} offset ${window})
)`;
}

/** What is gone is forgotten after a while, and so is that it may be silent. */
function silence({ metric, unless, ...selection }: Silence, by: readonly string[]): string {
  const series = selector(metrics[metric].prometheus, selection);
  const lately = (name: string) => `${grouped("count", by)} (present_over_time(${name}[${memoryOfHosts}]))`;
  const excused = unless === null ? "" : `\nunless ${lately(selector(metrics[unless.metric].prometheus, unless))}`;
  return `${lately(series)}\nunless ${grouped("count", by)} (${series})${excused}`;
}

function grouped(across: string, by: readonly string[]): string {
  return by.length === 0 ? across : `${across} by (${by.join(", ")})`;
}

/** The series of a metric. What the reader of a dashboard chooses is a variable of the label's name. */
export function selector(name: string, { where, without, chosen = [] }: Selecting): string {
  const matchers = [
    ...chosen.map((label) => `${label}=~"$${label}"`),
    ...matching(where, "=", "=~"),
    ...matching(without, "!=", "!~"),
  ];
  return matchers.length === 0 ? name : `${name}{${matchers.join(", ")}}`;
}

function matching(wanted: Selecting["where"], one: string, several: string): string[] {
  return Object.entries(wanted).map(([label, values]) =>
    values.length === 1
      ? `${label}${one}${JSON.stringify(values[0])}`
      : `${label}${several}${JSON.stringify(values.map((value) => value.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"))}`,
  );
}
