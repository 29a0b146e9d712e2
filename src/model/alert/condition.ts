import type { MetricName } from "../metrics.ts";
import {
  type AnyExpression,
  type Expression,
  type GaugeName,
  type LabelOf,
  readingsOf,
  type Selecting,
  selectingHosts,
  type Where,
  withHosts,
} from "./expression.ts";
import type { Quantity, Unit } from "./measure.ts";
import type { Hosts } from "./stack.ts";

export const severities = ["critical", "warning"] as const;
export type Severity = (typeof severities)[number];

/** From which value on an alert is a warning, and from which it is critical: one of them, or both. */
export type Levels<U extends Unit> =
  | { readonly critical: Quantity<U>; readonly warning?: Quantity<U> }
  | { readonly warning: Quantity<U>; readonly critical?: Quantity<U> };

/** A value beyond a level. */
export interface Threshold {
  readonly kind: "threshold";
  readonly value: AnyExpression;
  readonly is: "above" | "below";
  readonly levels: Readonly<Partial<Record<Severity, number>>>;
  /** Seconds for which it must have been so without a break; 0: at once. */
  readonly lasting: number;
  /** Where the series is not there: `well`, it is only published while there is something to tell; else nothing is known. */
  readonly absent?: "well";
}

/** A series that was there and is not any more. */
export interface Silence extends Selecting {
  readonly kind: "silence";
  readonly metric: GaugeName;
  /** Groups that have had such a series lately may be silent; null: none may. */
  readonly unless: (Selecting & { readonly metric: GaugeName }) | null;
  /** Seconds. */
  readonly longer: number;
  readonly severity: Severity;
}

/** Whichever comes first. */
export interface Either {
  readonly kind: "either";
  readonly of: readonly AnyCondition[];
}

/** What a target renders: whether something is the case, for each combination of the labels in `by`. */
export type AnyCondition = (Threshold | Silence | Either) & { readonly by: readonly string[] };

/** What an alert fires on. */
export type Condition<L extends string> = AnyCondition & {
  readonly by: readonly L[];
  /** Never there, see `Expression`. */
  readonly grouping?: (label: L) => L;
};

interface Lasting {
  /** @default at once */
  readonly lasting?: Quantity<"seconds">;
  /** See `Threshold.absent`. @default unknown */
  readonly absent?: "well";
}

export function above<U extends Unit, L extends string>(
  value: Expression<U, L>,
  levels: Levels<NoInfer<U>>,
  options: Lasting = {},
): Condition<L> {
  return threshold("above", value, levels, options);
}

export function below<U extends Unit, L extends string>(
  value: Expression<U, L>,
  levels: Levels<NoInfer<U>>,
  options: Lasting = {},
): Condition<L> {
  return threshold("below", value, levels, options);
}

/** @param options `unless`: which groups may be silent */
export function silent<M extends GaugeName, L extends LabelOf<M>, U extends GaugeName = M>(
  metric: M,
  options: {
    readonly by: readonly L[];
    readonly longer: Quantity<"seconds">;
    readonly severity: Severity;
    readonly unless?: { readonly metric: U; readonly where: Where<NoInfer<U>> };
  },
): Condition<L> {
  const { by, longer, severity, unless } = options;
  return {
    ...{ kind: "silence", metric, by, longer: longer.value, severity, where: {}, without: {} },
    unless: unless === undefined ? null : { ...unless, where: unless.where as Selecting["where"], without: {} },
  };
}

/** Both judge the same groups. */
export function either<L extends string>(
  first: Condition<L>,
  ...others: readonly [Condition<NoInfer<L>>, ...Condition<NoInfer<L>>[]]
): Condition<L> {
  return { kind: "either", by: first.by, of: [first, ...others] };
}

/** The same of a stack's hosts. @param hosts undefined: every host */
export function onHosts(hosts: Hosts | undefined, condition: AnyCondition): AnyCondition {
  if (condition.kind === "either") return { ...condition, of: condition.of.map((part) => onHosts(hosts, part)) };
  if (condition.kind === "threshold") return { ...condition, value: withHosts(hosts, condition.value) };
  return { ...condition, ...selectingHosts(hosts, condition) };
}

/** Every severity that a condition can have, the worst first. */
export function severitiesOf(condition: AnyCondition): readonly Severity[] {
  if (condition.kind === "silence") return [condition.severity];
  const found =
    condition.kind === "threshold"
      ? severities.filter((severity) => condition.levels[severity] !== undefined)
      : condition.of.flatMap(severitiesOf);
  return severities.filter((severity) => found.includes(severity));
}

/** Names of the metrics that a condition reads. */
export function metricsOf(condition: AnyCondition): readonly MetricName[] {
  if (condition.kind === "silence") return [condition.metric];
  if (condition.kind === "either") return [...new Set(condition.of.flatMap(metricsOf))];
  return [...new Set(readingsOf(condition.value).map(({ metric }) => metric))];
}

function threshold<U extends Unit, L extends string>(
  is: "above" | "below",
  value: Expression<U, L>,
  { critical, warning }: Levels<U>,
  { lasting, absent }: Lasting,
): Condition<L> {
  const levels = {
    ...(critical === undefined ? {} : { critical: critical.value }),
    ...(warning === undefined ? {} : { warning: warning.value }),
  };
  return {
    kind: "threshold",
    by: value.by,
    value,
    is,
    levels,
    lasting: lasting?.value ?? 0,
    ...(absent === undefined ? {} : { absent }),
  };
}
