type LabelValues<L extends string = string> = { readonly [Label in L]?: readonly string[] };

/** One metric, however it is rendered. */
export interface MetricDefinition {
  /** Prometheus name, in base units. Counters end in `_total`. */
  readonly prometheus: string;
  /** Datadog name; its unit may differ from Prometheus', see `datadogUnit`. */
  readonly datadog: string;
  readonly type: "gauge" | "counter";
  /** Unit of the stored value. */
  readonly unit: "seconds" | "bytes" | "ratio" | "timestamp" | "usd" | "count" | "boolean" | "status";
  /** What Datadog shows instead: hours for seconds, percent for ratios. */
  readonly datadogUnit?: "hours" | "percent";
  /** Besides `host`, which every series carries. A closed set: nothing with an unbounded number of values. */
  readonly labels: readonly string[];
  /** Of labels whose values pantheros itself chooses: all of them. The values of other labels are names of what is declared or found. */
  readonly values: LabelValues;
  readonly help: string;
}

/** @param prometheus its name there, without `pantheros_` and `_total`; `datadog` without `pantheros.` */
export function counter<
  const L extends readonly string[],
  const D extends string,
  const V extends LabelValues<L[number]> = Record<never, never>,
>(prometheus: string, datadog: D, labels: L, help: string, values: V = {} as V) {
  return {
    prometheus: `pantheros_${prometheus}_total`,
    datadog: `pantheros.${datadog}`,
    type: "counter",
    unit: "count",
    labels,
    values,
    help,
  } as const;
}

/** @param prometheus its name there, without `pantheros_`; `datadog` without `pantheros.` */
export function gauge<
  const L extends readonly string[],
  const U extends MetricDefinition["unit"],
  const V extends LabelValues<L[number]> = Record<never, never>,
>(prometheus: string, datadog: string, unit: U, labels: L, help: string, values: V = {} as V) {
  return {
    prometheus: `pantheros_${prometheus}`,
    datadog: `pantheros.${datadog}`,
    type: "gauge",
    unit,
    labels,
    values,
    help,
  } as const;
}
