import { type MetricName, metrics, type ValueOf } from "../metrics.ts";
import type { Quantity, Unit } from "./measure.ts";
import type { Hosts } from "./stack.ts";

type Catalogue = typeof metrics;
type Named<T extends "gauge" | "counter"> = {
  [M in MetricName]: Catalogue[M]["type"] extends T ? M : never;
}[MetricName];
export type GaugeName = Named<"gauge">;
export type CounterName = Named<"counter">;
/** What a metric can be grouped and selected by: its own labels, and `host`, which every series carries. */
export type LabelOf<M extends MetricName> = Catalogue[M]["labels"][number] | "host";
export type UnitOf<M extends MetricName> = Catalogue[M]["unit"];

/** Label → the values of it that are taken (or left out). */
export type Where<M extends MetricName> = { readonly [L in LabelOf<M>]?: readonly ValueOf<M, L>[] };
type Selected = Readonly<Record<string, readonly string[]>>;

/** Which series of a metric are looked at. */
export interface Selecting {
  readonly where: Selected;
  readonly without: Selected;
  /** Labels whose values the reader of a dashboard chooses; alerts have none. */
  readonly chosen?: readonly string[];
}

/** How the series of one group become one number. */
export type Across = "max" | "min" | "sum";

/** The current value of a gauge in each group. */
export interface Current extends Selecting {
  readonly kind: "current";
  readonly metric: GaugeName;
  readonly across: Across;
}

/** How much a counter has grown within a stretch of time. */
export interface Increase extends Selecting {
  readonly kind: "increase";
  readonly metric: CounterName;
  /** Seconds. */
  readonly within: number;
  /** What a series that was not there before says: `new`, all that it has counted is new; `old`, it has counted elsewhere, under another name. */
  readonly appearing: "new" | "old";
}

/** Two values of the same groups, one with the other; a share is a quotient whose left side is a part of the right one, or nothing of it. */
export interface Combined {
  readonly kind: "quotient" | "difference" | "share";
  readonly left: AnyExpression;
  readonly right: AnyExpression;
}

/** How many groups have a value beyond a level. */
export interface Tally {
  readonly kind: "tally";
  readonly of: AnyExpression;
  readonly is: "above" | "below";
  readonly level: number;
}

/** What a target renders: a number for each combination of the labels in `by`. */
export type AnyExpression = (Current | Increase | Combined | Tally) & {
  readonly unit: Unit;
  readonly by: readonly string[];
};

/** What an alert judges: a number per group, whose unit and labels come from the catalogue. */
export type Expression<U extends Unit, L extends string> = AnyExpression & {
  readonly unit: U;
  readonly by: readonly L[];
  /** Never there: it keeps two expressions of different groupings apart. */
  readonly grouping?: (label: L) => L;
};

interface Selection<M extends MetricName, L extends LabelOf<M>> {
  readonly by: readonly L[];
  readonly where?: Where<M>;
  readonly without?: Where<M>;
}

export function highest<M extends GaugeName, L extends LabelOf<M>>(metric: M, selection: Selection<M, L>) {
  return current("max", metric, selection);
}

export function lowest<M extends GaugeName, L extends LabelOf<M>>(metric: M, selection: Selection<M, L>) {
  return current("min", metric, selection);
}

export function total<M extends GaugeName, L extends LabelOf<M>>(metric: M, selection: Selection<M, L>) {
  return current("sum", metric, selection);
}

/**
 * How much a counter has grown. @param selection its `within` is the stretch of time, in whole minutes where Datadog shall understand it
 * @default a series that appears is `new`: a first failure begins its counter
 */
export function increase<M extends CounterName, L extends LabelOf<M>>(
  metric: M,
  selection: Selection<M, L> & { readonly within: Quantity<"seconds">; readonly appearing?: Increase["appearing"] },
): Expression<"count", L> {
  const { by, within, appearing = "new" } = selection;
  return { kind: "increase", unit: "count", metric, by, within: within.value, appearing, ...selected(selection) };
}

/** One value as a multiple of another one of the same unit and the same groups. */
export function quotient<U extends Unit, L extends string>(
  left: Expression<U, L>,
  right: Expression<NoInfer<U>, NoInfer<L>>,
): Expression<"ratio", L> {
  return { kind: "quotient", unit: "ratio", by: left.by, left, right };
}

/** By how much a value is above another one of the same unit and the same groups. */
export function difference<U extends Unit, L extends string>(
  left: Expression<U, L>,
  right: Expression<NoInfer<U>, NoInfer<L>>,
): Expression<U, L> {
  const { unit, by } = left;
  return { kind: "difference", unit, by, left, right };
}

/** Of all that a counter has counted within a stretch of time, the share that has some values of a label: 0 where none of it has. */
export function share<M extends CounterName, L extends LabelOf<M>>(
  metric: M,
  selection: Selection<M, L> & { readonly within: Quantity<"seconds">; readonly of: Where<M> },
): Expression<"ratio", L> {
  const { by, of, where } = selection;
  const left = increase(metric, { ...selection, where: { ...where, ...of } });
  return { kind: "share", unit: "ratio", by, left, right: increase(metric, selection) };
}

/** How many groups there are in which a value is above a level; 0 where none is, nothing where there are no groups. */
export function howManyAbove<U extends Unit, L extends string>(
  of: Expression<U, L>,
  level: Quantity<NoInfer<U>>,
): Expression<"count", never> {
  return { kind: "tally", unit: "count", by: [], of, is: "above", level: level.value };
}

/** As {@link howManyAbove}, of those in which it is below. */
export function howManyBelow<U extends Unit, L extends string>(
  of: Expression<U, L>,
  level: Quantity<NoInfer<U>>,
): Expression<"count", never> {
  return { kind: "tally", unit: "count", by: [], of, is: "below", level: level.value };
}

/** The metrics that an expression reads, each with what it selects of it. */
export function readingsOf(expression: AnyExpression): readonly (Current | Increase)[] {
  if (expression.kind === "tally") return readingsOf(expression.of);
  if ("left" in expression) return [...readingsOf(expression.left), ...readingsOf(expression.right)];
  return [expression];
}

/** The same expression of what the reader of a dashboard chooses: each metric by those labels that it has. */
export function choosing(labels: readonly string[], expression: AnyExpression): AnyExpression {
  return selectedAnew(expression, ({ metric }) => ({ chosen: labels.filter((label) => hasLabel(metric, label)) }));
}

/** The same expression of a stack's hosts. @param hosts undefined: every host */
export function withHosts(hosts: Hosts | undefined, expression: AnyExpression): AnyExpression {
  return selectedAnew(expression, (reading) => selectingHosts(hosts, reading));
}

/** What is selected, of a stack's hosts. @param hosts undefined: every host */
export function selectingHosts(hosts: Hosts | undefined, { where, without }: Selecting): Selecting {
  if (hosts === undefined) return { where, without };
  return "only" in hosts
    ? { where: { ...where, host: hosts.only }, without }
    : { where, without: { ...without, host: hosts.except } };
}

function selectedAnew(
  expression: AnyExpression,
  select: (reading: Current | Increase) => Partial<Selecting>,
): AnyExpression {
  if (expression.kind === "tally") return { ...expression, of: selectedAnew(expression.of, select) };
  if ("left" in expression) {
    const { left, right } = expression;
    return { ...expression, left: selectedAnew(left, select), right: selectedAnew(right, select) };
  }
  return { ...expression, ...select(expression) };
}

export function hasLabel(metric: MetricName, label: string): boolean {
  const labels: readonly string[] = metrics[metric].labels;
  return label === "host" || labels.includes(label);
}

function current<M extends GaugeName, L extends LabelOf<M>>(
  across: Across,
  metric: M,
  selection: Selection<M, L>,
): Expression<UnitOf<M>, L> {
  const unit: UnitOf<M> = metrics[metric].unit;
  return { kind: "current", unit, metric, across, by: selection.by, ...selected(selection) };
}

function selected<M extends MetricName>({ where = {}, without = {} }: { where?: Where<M>; without?: Where<M> }) {
  return { where: where as Selected, without: without as Selected };
}
