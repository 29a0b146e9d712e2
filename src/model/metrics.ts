import { backups } from "./metrics/backups.ts";
import { cost } from "./metrics/cost.ts";
import type { MetricDefinition } from "./metrics/definition.ts";
import { destinations } from "./metrics/destinations.ts";
import { disks } from "./metrics/disks.ts";
import { drills } from "./metrics/drills.ts";
import { jobs } from "./metrics/jobs.ts";
import { layout } from "./metrics/layout.ts";
import { objectives } from "./metrics/objectives.ts";
import { ourselves } from "./metrics/ourselves.ts";
import { repositories } from "./metrics/repositories.ts";
import { retention } from "./metrics/retention.ts";
import { snapshots } from "./metrics/snapshots.ts";

/**
 * The one catalogue: every metric that pantheros may ever publish. Prometheus, DogStatsD and JSON render from it; the metric tables of the docs
 * are generated from it. The Datadog names, types and units of the seeds are a contract.
 */
export const metrics = {
  ...snapshots,
  ...backups,
  ...cost,
  ...jobs,
  ...drills,
  ...destinations,
  ...retention,
  ...objectives,
  ...disks,
  ...layout,
  ...repositories,
  ...ourselves,
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metrics;
/** The labels of a metric, without `host`, which is added when it is rendered. */
export type Labels<M extends MetricName> = {
  readonly [L in (typeof metrics)[M]["labels"][number]]: ValueOf<M, L>;
};
/** What a label of a metric can hold: one of its values where these are a closed set, else any name. */
export type ValueOf<M extends MetricName, L extends string> = (typeof metrics)[M]["values"] extends {
  readonly [Label in L]: readonly (infer Value extends string)[];
}
  ? Value
  : string;

export const metricNames = Object.keys(metrics) as MetricName[];

/** The value in the unit that Datadog shows. */
export function toDatadogUnit(definition: MetricDefinition, value: number): number {
  if (definition.datadogUnit === "hours") return value / 3600;
  if (definition.datadogUnit === "percent") return value * 100;
  return value;
}
