import { type LabelOf, readingsOf } from "../alert/expression.ts";
import type { Quantity } from "../alert/measure.ts";
import type { Stack } from "../alert/stack.ts";
import type { MetricName } from "../metrics.ts";
import type { Widget } from "./widget.ts";

/** A label that some metric has. */
export type AnyLabel = { [M in MetricName]: LabelOf<M> }[MetricName];

/** One page of answers to the questions of one person. */
export interface Dashboard {
  /** Lower-case words with dashes: what it is known by everywhere. Whoever changes it keeps the old one in `formerly`. */
  readonly id: string;
  /** Ids that it had before: the dashboard in Datadog keeps its address. */
  readonly formerly?: readonly string[];
  /** A few words. */
  readonly title: string;
  /** Whose questions it answers, in a sentence or two. */
  readonly summary: string;
  /** Labels that its reader chooses by; each narrows down all metrics that have it. */
  readonly chosen: readonly AnyLabel[];
  /** How far back it looks when it is opened. */
  readonly looksBack: Quantity<"seconds">;
  /** Levels that differ between systems come from the stack, as those of the alerts do. */
  readonly sections: (stack: Stack) => readonly Section[];
}

export interface Section {
  readonly title: string;
  readonly widgets: readonly Widget[];
}

/** Checks labels and units of a dashboard; nothing else happens here. */
export function defineDashboard(dashboard: Dashboard): Dashboard {
  return dashboard;
}

/** Names of the metrics that a widget shows. */
export function metricsShown(widget: Widget): readonly MetricName[] {
  const read = () => {
    switch (widget.kind) {
      case "text":
        return [];
      case "states":
        return [widget.metric];
      case "timeseries":
        return widget.lines.flatMap(({ value }) => readingsOf(value).map(({ metric }) => metric));
      case "table":
        return widget.columns.flatMap(({ value }) => readingsOf(value).map(({ metric }) => metric));
      default:
        return readingsOf(widget.value).map(({ metric }) => metric);
    }
  };
  return [...new Set(read())];
}
