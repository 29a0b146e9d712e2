import { gauge, type MetricDefinition } from "./definition.ts";

/** Destinations. */
export const destinations = {
  destinationReachable: gauge(
    "destination_reachable",
    "destination.reachable",
    "boolean",
    ["destination"],
    "1 when the destination could be opened and listed at the last look.",
  ),
  destinationArtifacts: gauge(
    "destination_artifacts",
    "destination.artifacts",
    "count",
    ["destination"],
    "Newest artifacts of the jobs that were found at the destination.",
  ),
  destinationSeries: gauge(
    "destination_series_artifacts",
    "destination.series",
    "count",
    ["destination", "series"],
    "Timestamped folders or archives of a declared series that the last look listed at the destination.",
  ),
} as const satisfies Record<string, MetricDefinition>;
