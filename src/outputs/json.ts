import type { MetricDefinition } from "../model/metrics/definition.ts";
import type { StateSnapshot } from "../model/samples/sample.ts";
import { familiesOf } from "./series.ts";

/** The shape of `renderJson`'s text. */
export interface JsonState {
  /** Seconds since the epoch that the ages are counted up to. */
  readonly at: number;
  readonly host: string;
  readonly samples: readonly {
    /** Prometheus name. */
    readonly metric: string;
    readonly type: MetricDefinition["type"];
    /** Unit of `value`; never Datadog's. */
    readonly unit: MetricDefinition["unit"];
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
  readonly errors: StateSnapshot["errors"];
}

/**
 * The state as JSON, in the same order and with the same values as the `/metrics` page; indented, with a final newline.
 * @param now seconds since the epoch
 */
export function renderJson(state: StateSnapshot, now: number): string {
  const document: JsonState = {
    at: now,
    host: state.host,
    samples: familiesOf(state, now).flatMap(({ definition: { prometheus, type, unit }, series }) =>
      series.map(({ labels, value }) => ({ metric: prometheus, type, unit, labels, value })),
    ),
    errors: state.errors.map(({ collector, message }) => ({ collector, message })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
